package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// quietConn is a connection of HTTP/1 on which nothing may arrive that was not
// asked for.
//
// With HTTP/1 an answer belongs to a request because it comes after it: what a server, or
// a gateway before it, sends behind one answer would be taken for the next, another task's keys
// without an error. net/http gives up a connection on which something arrives unasked, but puts it
// back into the pool before it looks. So a request that is given a used connection waits until
// net/http has taken all that it had read, while no answer is expected yet; and when the
// request is written nothing may have arrived. Otherwise the connection is closed, and net/http takes
// another one for the request.
type quietConn struct {
	net.Conn

	socket *socket // nil where the platform does not let us look
	// numbered is set once it is known whether HTTP/2 is spoken, where answers bear numbers.
	numbered atomic.Pointer[bool]

	mu      sync.Mutex
	reading bool          // a Read is under way: all that was read before has been taken
	quiet   bool          // what arrives now was not asked for
	unasked bool          // something did
	waiting chan struct{} // closed when reading or gone; nil while nobody waits
	gone    bool
}

var errUnasked = errors.New("sms: the server sent something that was not asked for")

// settleIn is how long net/http may take to look at a connection. It does so at once.
const settleIn = time.Second

// Read reads, unless what there is was not asked for.
func (c *quietConn) Read(b []byte) (n int, err error) {
	c.set(func() { c.reading = true })
	if c.socket != nil {
		n, err = c.socket.read(b)
	} else {
		n, err = c.Conn.Read(b)
	}
	c.set(func() { c.took(n) })
	if c.unasked { // nobody else changes it
		clear(b[:n])
		_ = c.Close()
		return 0, errUnasked
	}
	return n, err
}

// took notes, with the state locked, that a Read has taken so much off the network.
func (c *quietConn) took(n int) {
	c.unasked = c.unasked || c.reading && c.quiet && n > 0
	c.reading = false
}

// Write begins a request, unless something is there that nobody asked for: from now
// on an answer is.
func (c *quietConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	unasked := c.quiet && (!c.reading || c.socket != nil && c.socket.pending())
	c.quiet = unasked
	c.mu.Unlock()
	if unasked {
		_ = c.Close()
		return 0, errUnasked
	}
	return c.Conn.Write(b)
}

// NetConn returns the connection beneath, for traces.
func (c *quietConn) NetConn() net.Conn { return c.Conn }

// Close closes the connection.
func (c *quietConn) Close() error {
	c.set(func() { c.gone = true })
	return c.Conn.Close()
}

// set changes the state and wakes up who waits for it.
func (c *quietConn) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	if c.waiting != nil && (c.reading || c.gone) {
		c.quiet = c.reading
		close(c.waiting)
		c.waiting = nil
	}
}

// settle returns when all that has arrived was taken, and makes the connection
// quiet until the next Write. One that does not settle is closed.
func (c *quietConn) settle() {
	c.mu.Lock()
	if c.reading || c.gone {
		c.quiet = c.reading
		c.mu.Unlock()
		return
	}
	settled := make(chan struct{})
	c.waiting = settled
	c.mu.Unlock()
	timer := time.NewTimer(settleIn)
	defer timer.Stop()
	select {
	case <-settled:
	case <-timer.C:
		_ = c.Close()
	}
}

// settling is the trace of requests over a transport of our own: net/http calls it
// with the connection of a request before it expects an answer on it.
func settling() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		conn := quietBeneath(info.Conn)
		if conn != nil && !conn.bearsNumbers(info.Conn) && info.Reused {
			conn.settle()
		}
	}}
}

// bearsNumbers reports whether HTTP/2 is spoken over the connection.
func (c *quietConn) bearsNumbers(over net.Conn) bool {
	if known := c.numbered.Load(); known != nil {
		return *known
	}
	secured, ok := over.(*tls.Conn)
	numbered := ok && secured.ConnectionState().NegotiatedProtocol == "h2"
	c.numbered.Store(&numbered)
	return numbered
}

// withTrace adds trace to ctx. WithClientTrace changes a trace that it adds to
// another one, and this one serves many requests.
func withTrace(ctx context.Context, trace *httptrace.ClientTrace) context.Context {
	if httptrace.ContextClientTrace(ctx) != nil {
		own := *trace
		trace = &own
	}
	return httptrace.WithClientTrace(ctx, trace)
}

// quietBeneath finds the quietConn that TLS, and a proxy's TLS, may lie over.
func quietBeneath(conn net.Conn) *quietConn {
	for {
		if quiet, ok := conn.(*quietConn); ok {
			return quiet
		}
		over, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		conn = over.NetConn()
	}
}

// dialQuiet makes a transport dial connections that can be quiet. Those that speak
// HTTP/2 without TLS bear numbers too, and cannot be told.
func dialQuiet(t *http.Transport) {
	if t.Protocols != nil && t.Protocols.UnencryptedHTTP2() {
		return
	}
	dial := t.DialContext
	if dial == nil && t.Dial != nil { //nolint:staticcheck // a program may have set it
		plain := t.Dial //nolint:staticcheck // as above
		dial = func(_ context.Context, network, address string) (net.Conn, error) { return plain(network, address) }
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil || conn == nil {
			return nil, err
		}
		quiet := &quietConn{Conn: conn}
		quiet.socket = newSocket(quiet)
		return quiet, nil
	}
}
