// Package printable makes foreign text fit for a log line or an error: one
// line, no control characters, bounded.
package printable

import (
	"strconv"
	"strings"
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
	var b strings.Builder
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+width]
		if r == utf8.RuneError && width == 1 || !strconv.IsPrint(r) {
			quoted := strconv.Quote(piece)
			piece = quoted[1 : len(quoted)-1]
		}
		if b.Len()+len(piece) > limit-len(ellipsis) && i+width < len(s) || b.Len()+len(piece) > limit {
			b.WriteString(ellipsis)
			break
		}
		b.WriteString(piece)
		i += width
	}
	return b.String()
}

func clean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
