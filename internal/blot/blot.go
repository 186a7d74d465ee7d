// Package blot clears texts of credentials that they echo: whole in any of the
// usual encodings, or in parts that are long enough to be no coincidence.
package blot

import (
	"slices"
	"strings"
	"sync"
)

const (
	// Mark stands in place of what was cleared.
	Mark = "[REDACTED]"
	// minValue is the length below which a value is too common a piece of text to be
	// told from one, and too short to be a credential.
	minValue = 4
	// part is the length from which a part of a credential is as good as all of it.
	part = 16
	// stride is the length of the pieces of a credential that are looked for: any part of
	// it holds a piece whole that begins at a multiple of this.
	stride = part / 2
)

// Set is a set of credentials. The zero Set is empty and ready to use. It is safe
// for concurrent use.
type Set struct {
	mu     sync.Mutex
	values []string
	room   [4]string // where values begins: as many as an access key needs
	forms  []string  // of values, in all encodings; nil until they are needed
}

// Add adds credentials. What is too short to be one is left out.
func (s *Set) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = s.room[:0]
	}
	for _, value := range values {
		if len(value) >= minValue && !slices.Contains(s.values, value) {
			s.values, s.forms = append(s.values, value), nil
		}
	}
}

// Clean returns text with Mark in place of each credential and of each part of one.
func (s *Set) Clean(text string) string {
	if len(text) < minValue {
		return text
	}
	forms := s.encoded()
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, Mark)
	}
	return cutParts(text, forms)
}

func (s *Set) encoded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forms == nil {
		for _, value := range s.values {
			s.forms = appendForms(s.forms, value)
		}
	}
	return s.forms
}

// cutParts replaces every stretch of text that stands in one of forms too.
func cutParts(text string, forms []string) string {
	if len(text) < part {
		return text
	}
	index := newIndex(text)
	var cut []bool // by byte of text; nil while there is nothing to cut
	for _, form := range forms {
		for at := 0; at+stride <= len(form) && len(form) >= part; at += stride {
			piece := form[at : at+stride]
			if !index.mayHold(word(piece)) || isInner(form, at) {
				continue
			}
			cut = markAround(cut, text, form, at)
		}
	}
	if cut == nil {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !cut[i]:
			b.WriteByte(text[i])
		case i == 0 || !cut[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}

// isInner reports whether the piece of form at an offset is one of many that are the
// same, and neither the first nor the last: those find all that it would.
func isInner(form string, at int) bool {
	piece, before, behind := form[at:at+stride], at-stride, at+2*stride
	return before >= 0 && behind <= len(form) && piece == form[before:at] && piece == form[at+stride:behind]
}

// markAround marks in cut where text holds the piece of form at an offset and as
// much of form around it as makes it a part.
func markAround(cut []bool, text, form string, at int) []bool {
	piece := form[at : at+stride]
	for from := 0; ; {
		found := strings.Index(text[from:], piece)
		if found < 0 {
			return cut
		}
		begin := from + found
		from = begin + 1
		if cut != nil && cut[begin] && cut[begin+stride-1] {
			continue
		}
		end, left := begin+stride, at
		for right := at + stride; right < len(form) && end < len(text) && form[right] == text[end]; right++ {
			end++
		}
		for left > 0 && begin > 0 && form[left-1] == text[begin-1] {
			left, begin = left-1, begin-1
		}
		if end-begin < part {
			continue
		}
		if cut == nil {
			cut = make([]bool, len(text))
		}
		for i := begin; i < end; i++ {
			cut[i] = true
		}
	}
}
