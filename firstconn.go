package sms

import (
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// firstConn lets one request at a time connect while there is no connection yet.
// Callers that start together then learn from one handshake whether the server
// speaks HTTP/2, and share that connection, where each would have opened its own.
type firstConn struct {
	base http.RoundTripper
	turn chan struct{} // holds a token while nobody connects
	last atomic.Int64  // when there was a connection, in Unix nanoseconds
}

const (
	// staleAfter is less than the 90 seconds for which an idle connection is kept.
	staleAfter = time.Minute
	// patience is how long a request waits for another's connection. A handshake
	// that takes longer is no reason to hold everybody up.
	patience = time.Second
)

func newFirstConn(base http.RoundTripper) *firstConn {
	f := &firstConn{base: base, turn: make(chan struct{}, 1)}
	f.turn <- struct{}{}
	return f
}

func (f *firstConn) RoundTrip(req *http.Request) (*http.Response, error) {
	release := func() {}
	if f.cold() {
		var ok bool
		if release, ok = f.take(req); !ok {
			return nil, req.Context().Err()
		}
		defer release()
	}
	if f.cold() {
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { f.touch(); release() },
		}))
	} else {
		release()
	}
	resp, err := f.base.RoundTrip(req)
	if err == nil {
		f.touch()
	}
	return resp, err
}

// take waits for the turn to connect and returns what gives it back, or false
// where the request's context ended first. Who has waited long enough goes without.
func (f *firstConn) take(req *http.Request) (func(), bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-f.turn:
		return sync.OnceFunc(func() { f.turn <- struct{}{} }), true
	case <-timer.C:
		return func() {}, true
	case <-req.Context().Done():
		return nil, false
	}
}

func (f *firstConn) touch() { f.last.Store(time.Now().UnixNano()) }

func (f *firstConn) cold() bool {
	return time.Now().UnixNano()-f.last.Load() > int64(staleAfter)
}
