package blot

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// appendForms appends value as texts write it: as it is, which with their escapes
// undone is most ways, and in hexadecimal and base64 digits.
func appendForms(forms []string, value string) []string {
	add := func(form string, shortest int) {
		if len(form) >= shortest && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	add(value, minValue)
	digits := hex.EncodeToString([]byte(value))
	add(digits, minValue)
	add(strings.ToUpper(digits), minValue)
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		add(encoding.EncodeToString([]byte(value)), minValue)
		for before := range 3 {
			add(within(encoding, value, before), stride)
		}
	}
	return forms
}

// within returns what is always the same of value in the base64 of a text that
// holds it behind 3n+before bytes: without the characters that its neighbours have a share in.
func within(encoding *base64.Encoding, value string, before int) string {
	padded := append(make([]byte, before), value...)
	encoded := encoding.WithPadding(base64.NoPadding).EncodeToString(padded)
	if len(padded)%3 != 0 {
		encoded = encoded[:len(encoded)-1]
	}
	return encoded[min([]int{0, 2, 3}[before], len(encoded)):]
}
