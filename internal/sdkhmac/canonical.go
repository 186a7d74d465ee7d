package sdkhmac

import (
	"net/url"
	"slices"
	"strings"
)

// appendPath appends the canonical path: every segment percent-encoded anew, a
// slash at the end whether or not the request has one there.
func appendPath(b []byte, path string) []byte {
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		b = append(b, '/')
		b = appendEscaped(b, unescape(segment, url.PathUnescape))
	}
	if b[len(b)-1] != '/' {
		b = append(b, '/')
	}
	return b
}

// appendQuery appends the canonical query: names and values percent-encoded
// anew, sorted by name and then by value, an equals sign after every name.
func appendQuery(b []byte, query string) []byte {
	if query == "" {
		return b
	}
	type param struct{ name, value string }
	var params []param
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		params = append(params, param{unescape(name, url.QueryUnescape), unescape(value, url.QueryUnescape)})
	}
	slices.SortFunc(params, func(x, y param) int {
		if c := strings.Compare(x.name, y.name); c != 0 {
			return c
		}
		return strings.Compare(x.value, y.value)
	})
	for i, p := range params {
		if i > 0 {
			b = append(b, '&')
		}
		b = appendEscaped(b, p.name)
		b = append(b, '=')
		b = appendEscaped(b, p.value)
	}
	return b
}

// unescape returns s decoded, or as it is where it is not validly encoded.
func unescape(s string, decode func(string) (string, error)) string {
	if plain, err := decode(s); err == nil {
		return plain
	}
	return s
}

const upperHex = "0123456789ABCDEF"

// appendEscaped appends s with everything but A-Z a-z 0-9 - _ . ~ percent-encoded.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '~' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	return b
}
