// Package printable makes foreign text fit for a log line or an error: one
// line, no control characters, bounded.
package printable

import (
	"strconv"
	"unicode/utf8"
)

// ellipsis marks where a text was cut.
const ellipsis = "..."

// Line returns s with everything but printable characters and blanks written as
// Go escapes (\n, \x1b, \u202e), cut to at most limit bytes.
func Line(s string, limit int) string {
	if len(s) <= limit && clean(s) {
		return s
	}
	line := make([]byte, 0, min(len(s), limit))
	cut := 0 // where the line can be cut so that the ellipsis fits behind it
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+width]
		if r == utf8.RuneError && width == 1 || !strconv.IsPrint(r) {
			quoted := strconv.Quote(piece)
			piece = quoted[1 : len(quoted)-1]
		}
		line = append(line, piece...)
		if len(line) > limit {
			return string(line[:cut]) + ellipsis
		}
		if len(line) <= limit-len(ellipsis) {
			cut = len(line)
		}
		i += width
	}
	return string(line)
}

func clean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
