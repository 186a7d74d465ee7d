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
	cut := cuts{length: len(text)}
	for _, v := range views(text) {
		cut.view = v
		cut.whole(forms)
		cut.parts(forms)
	}
	return cut.apply(text)
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

// cuts are the stretches of a text that are to go.
type cuts struct {
	view   view // that is looked at
	length int  // of the text
	gone   []bool
}

// whole finds whole credentials, however short.
func (c *cuts) whole(forms []string) {
	for _, form := range forms {
		for from := 0; ; {
			at := strings.Index(c.view.text[from:], form)
			if at < 0 {
				break
			}
			c.mark(from+at, from+at+len(form))
			from += at + len(form)
		}
	}
}

// parts finds every stretch that stands in one of forms too.
func (c *cuts) parts(forms []string) {
	if len(c.view.text) < part {
		return
	}
	index := newIndex(c.view.text)
	for _, form := range forms {
		for at := 0; at+stride <= len(form) && len(form) >= part; at += stride {
			if !isInner(form, at) {
				index.find(form[at:at+stride], func(begin int) { c.around(begin, form, at) })
			}
		}
	}
}

// isInner reports whether the piece of form at an offset is one of many that are the
// same, and neither the first nor the last: those find all that it would.
func isInner(form string, at int) bool {
	piece, before, behind := form[at:at+stride], at-stride, at+2*stride
	return before >= 0 && behind <= len(form) && piece == form[before:at] && piece == form[at+stride:behind]
}

// around marks as much as the view, at begin, and form have in common around the
// piece of form at an offset, where that makes it a part.
func (c *cuts) around(begin int, form string, at int) {
	text, end := c.view.text, begin+stride
	if c.isMarked(begin, end) {
		return
	}
	for right := at + stride; right < len(form) && end < len(text) && form[right] == text[end]; right++ {
		end++
	}
	for left := at; left > 0 && begin > 0 && form[left-1] == text[begin-1]; left-- {
		begin--
	}
	if end-begin >= part {
		c.mark(begin, end)
	}
}

// mark takes out a stretch of the view.
func (c *cuts) mark(begin, end int) {
	if c.gone == nil {
		c.gone = make([]bool, c.length)
	}
	begin, end = c.view.in(begin, end)
	for i := begin; i < end; i++ {
		c.gone[i] = true
	}
}

func (c *cuts) isMarked(begin, end int) bool {
	if c.gone == nil {
		return false
	}
	begin, end = c.view.in(begin, end)
	return !slices.Contains(c.gone[begin:end], false)
}

// apply puts Mark in place of what is to go.
func (c *cuts) apply(text string) string {
	if c.gone == nil {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !c.gone[i]:
			b.WriteByte(text[i])
		case i == 0 || !c.gone[i-1]:
			b.WriteString(Mark)
		}
	}
	return b.String()
}
