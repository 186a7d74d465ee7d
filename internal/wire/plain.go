package wire

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// parsePlain reads the form that the service writes: one object of strings in
// printable ASCII, PEM, where the only escape is \n. It is a third of the time of a call
// that the general decoder takes for the same (BenchmarkDecodeCertKey). Of anything
// else, right or wrong, it says false: then what it left in the fields is void, and
// the general decoder, which knows all of JSON, is asked.
func parsePlain(body []byte, fields []field) bool {
	rest, ok := after(body, '{')
	for ok {
		var name, value []byte
		if name, rest, ok = quoted(rest); !ok {
			return false
		}
		if rest, ok = after(rest, ':'); !ok {
			return false
		}
		if value, rest, ok = quoted(rest); !ok || !set(fields, name, value) {
			return false
		}
		if end, last := after(rest, '}'); last {
			return len(skipSpace(end)) == 0
		}
		rest, ok = after(rest, ',')
	}
	return false
}

// set gives value to the field called name, once.
func set(fields []field, name, value []byte) bool {
	f := find(fields, string(name))
	if f == nil || f.seen {
		return false
	}
	*f.value, f.seen = plainText(value)
	return f.seen
}

// after returns what stands behind c, which may have white space before it.
func after(b []byte, c byte) ([]byte, bool) {
	b = skipSpace(b)
	if len(b) == 0 || b[0] != c {
		return nil, false
	}
	return b[1:], true
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\r' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// quoted returns what stands between the next two quotation marks, and behind them.
func quoted(b []byte) (text, rest []byte, ok bool) {
	if b, ok = after(b, '"'); !ok {
		return nil, nil, false
	}
	end := bytes.IndexByte(b, '"')
	if end < 0 {
		return nil, nil, false
	}
	return b[:end], b[end+1:], true
}

// plainText copies b once, with its \n replaced.
func plainText(b []byte) (string, bool) {
	if !plainASCII(b) {
		return "", false
	}
	var s strings.Builder
	s.Grow(len(b) - bytes.Count(b, []byte{'\\'}))
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			s.Write(b)
			return s.String(), true
		}
		if i+1 == len(b) || b[i+1] != 'n' {
			return "", false
		}
		s.Write(b[:i])
		s.WriteByte('\n')
		b = b[i+2:]
	}
}

// plainASCII reports whether every byte of b is from 0x20 to 0x7F. It looks at eight at a time:
// the top bit of a byte of w is set beyond ASCII, and that of w - 0x20... below a blank.
func plainASCII(b []byte) bool {
	const top, blank = 0x8080808080808080, 0x2020202020202020
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		if (w|(w-blank))&top != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < ' ' || c > 0x7F {
			return false
		}
	}
	return true
}
