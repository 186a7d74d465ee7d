package blot

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// appendForms appends the ways in which texts write value. Those that hold others
// come first.
func appendForms(forms []string, value string) []string {
	add := func(form string, shortest int) {
		if len(form) >= shortest && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	for _, form := range quoted(value) {
		add(form, minValue)
	}
	for _, form := range []string{url.QueryEscape(value), url.PathEscape(value)} {
		add(form, minValue)
		add(lowerEscapes(form), minValue)
	}
	for _, form := range marked(value) {
		add(form, minValue)
	}
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

// quoted returns value as it is and as it stands in a string of JSON, Go, Python
// and their like.
func quoted(value string) []string {
	inner := func(s string) string { return s[1 : len(s)-1] }
	plain, ascii := inner(strconv.Quote(value)), inner(strconv.QuoteToASCII(value))
	forms := []string{value, plain, ascii}
	for _, form := range []string{plain, ascii} {
		forms = append(forms,
			strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(form),
			strings.ReplaceAll(form, "/", `\/`))
	}
	return forms
}

// marked returns value as it stands in HTML and XML.
func marked(value string) []string {
	forms := []string{html.EscapeString(value)}
	for _, single := range []string{"&#39;", "&#x27;", "&apos;"} {
		forms = append(forms, strings.NewReplacer("&#34;", "&quot;", "&#39;", single).Replace(forms[0]))
	}
	return forms
}

// lowerEscapes writes the digits of percent escapes small.
func lowerEscapes(escaped string) string {
	b := []byte(escaped)
	for i := range b {
		if inEscape := i > 0 && b[i-1] == '%' || i > 1 && b[i-2] == '%'; inEscape && 'A' <= b[i] && b[i] <= 'F' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
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
