package smstest

import "time"

// WithClock makes the server read the time from now in place of time.Now: what
// SetClockOffset moves is moved from there. now is called for several requests at a
// time. It panics for nil.
func WithClock(now func() time.Time) Option {
	checkFunc("WithClock", now == nil)
	return func(o *options) { o.now = now }
}

// SetClockOffset sets the server's clock off from this machine's: everything that
// the server dates or judges by time (Date headers, the age of signatures, the
// expiry of tokens and temporary keys) moves by offset. Certificates do not.
func (s *Server) SetClockOffset(offset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowLocked()
}

func (s *Server) nowLocked() time.Time { return s.options.now().Add(s.offset) }
