package blot

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// view is a text as a reader sees it who undoes some of its escapes, with the
// places where its bytes stand in the text.
type view struct {
	text   string
	places []place // of its bytes; nil where they are the same
}

// place is where the escape stands in the text that a byte comes of.
type place struct{ begin, end int }

// in returns where a stretch of the view, which is not empty, stands in the text.
func (v view) in(begin, end int) (int, int) {
	if v.places == nil {
		return begin, end
	}
	return v.places[begin].begin, v.places[end-1].end
}

// views returns a text as it is, without its escapes and without what is escaped
// twice, each time as a query as well, where a plus stands for a blank.
func views(text string) []view {
	all := []view{{text: text}}
	for level := all[0]; len(all) < 5; {
		if strings.Contains(level.text, "+") {
			all = append(all, level.unescaped(true))
		}
		if !strings.ContainsAny(level.text, `%\&`) {
			break
		}
		level = level.unescaped(false)
		all = append(all, level)
	}
	return all
}

// unescaped returns v without its escapes.
func (v view) unescaped(query bool) view {
	var b strings.Builder
	places := make([]place, 0, len(v.text))
	for at := 0; at < len(v.text); {
		decoded, length := unescape(v.text[at:])
		if query && decoded == "+" && length == 1 {
			decoded = " "
		}
		begin, end := v.in(at, at+length)
		for range len(decoded) {
			places = append(places, place{begin, end})
		}
		b.WriteString(decoded)
		at += length
	}
	return view{b.String(), places}
}

// unescape returns what the text begins with, and how long that is: a character, or
// one that is escaped as in a URL, in JSON and its like, or in HTML.
func unescape(text string) (decoded string, length int) {
	switch text[0] {
	case '%':
		if b, ok := digits(text, 1, 2); ok {
			return string([]byte{byte(b)}), 3 //nolint:gosec // two digits
		}
	case '\\':
		return unescapeBackslash(text)
	case '&':
		if end := strings.IndexByte(text[:min(len(text), maxEntity)], ';'); end > 0 {
			if decoded := html.UnescapeString(text[:end+1]); decoded != text[:end+1] {
				return decoded, end + 1
			}
		}
	}
	return text[:1], 1
}

// maxEntity is the length of the entities of HTML that stand for a character of a credential.
const maxEntity = 12

func unescapeBackslash(text string) (decoded string, length int) {
	if len(text) < 2 {
		return text, len(text)
	}
	switch text[1] {
	case 'x':
		if b, ok := digits(text, 2, 2); ok {
			return string([]byte{byte(b)}), 4 //nolint:gosec // two digits
		}
	case 'u':
		if r, ok := digits(text, 2, 4); ok && utf8.ValidRune(r) {
			return string(r), 6
		}
	case 'n':
		return "\n", 2
	case 't':
		return "\t", 2
	case 'r':
		return "\r", 2
	case '"', '\'', '\\', '/':
		return text[1:2], 2
	}
	return text[:1], 1
}

// digits reads so many hexadecimal digits.
func digits(text string, from, count int) (rune, bool) {
	if len(text) < from+count {
		return 0, false
	}
	n, err := strconv.ParseUint(text[from:from+count], 16, 32)
	return rune(n), err == nil //nolint:gosec // four digits at most
}
