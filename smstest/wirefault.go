package smstest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Wire sends what change makes of the right answer as it would be on the wire
// with HTTP/1.1, headers and all, and closes the connection: for answers that are not HTTP. It needs a
// server that was made WithHTTP1, and answers 500 with any other. change runs for several
// requests at a time. It panics for nil.
func Wire(change func(answer string) string) Fault {
	checkFunc("Wire", change == nil)
	return onWire(change, func(conn net.Conn) { _ = conn.Close() })
}

// Reset is Wire with a connection that is reset, not closed, after the text.
// Reset(func(string) string { return "" }) resets it after the request was read.
func Reset(change func(answer string) string) Fault {
	checkFunc("Reset", change == nil)
	return onWire(change, reset)
}

func onWire(change func(string) string, end func(net.Conn)) Fault {
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		text := change(answerOf(w, r, right).wire())
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, "smstest: Wire and Reset need a server made WithHTTP1", http.StatusInternalServerError)
			return
		}
		defer context.AfterFunc(r.Context(), func() { _ = conn.Close() })() // the server no longer does
		_, _ = buffer.WriteString(text)
		_ = buffer.Flush()
		end(conn)
	}}
}

// wire is the answer in the format of HTTP/1.1.
func (a Answer) wire() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	header := a.Header.Clone()
	header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	_ = header.Write(&b)
	b.WriteString("\r\n")
	b.Write(a.Body)
	return b.String()
}

// reset closes a connection so that the peer sees a reset.
func reset(conn net.Conn) {
	plain := conn
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		plain = secured.NetConn()
	}
	if tcp, ok := plain.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = plain.Close()
}
