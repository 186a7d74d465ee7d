package smstest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer is an answer of the service before it is sent.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Change lets change alter the right answer. It runs on the goroutine of the
// request, and for several requests at a time. It panics for nil.
func Change(change func(*Answer)) Fault {
	checkFunc("Change", change == nil)
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answerOf(w, r, right)
		change(&a)
		a.send(w)
	}}
}

// Status answers with a status, a body and headers, given as names and values in
// turn. A body that begins with "{" is sent as JSON. It panics for a status that is not
// 101 or 200 to 999, as others are followed by a 200, and for a name without a value.
func Status(status int, body string, headers ...string) Fault {
	checkStatus("Status", status)
	if len(headers)%2 != 0 {
		misuse("Status wants headers as names and values in turn")
	}
	return Fault{func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		a := Answer{Status: status, Header: w.Header().Clone(), Body: []byte(body)}
		if strings.HasPrefix(body, "{") {
			a.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i < len(headers); i += 2 {
			a.Header.Add(headers[i], headers[i+1])
		}
		a.send(w)
	}}
}

// Redirect answers with a status of 3xx and, unless it is empty, a Location. It
// panics for another status.
func Redirect(status int, location string) Fault {
	if status/100 != 3 {
		misuse("Redirect wants a status of 3xx, not %d", status)
	}
	if location == "" {
		return Status(status, "")
	}
	return Status(status, "", "Location", location)
}

// Gzip compresses the right answer, though nobody has asked for it.
func Gzip() Fault {
	return Change(func(a *Answer) {
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		_, _ = w.Write(a.Body)
		_ = w.Close()
		a.Body = compressed.Bytes()
		a.Header.Set("Content-Encoding", "gzip")
	})
}

// GzipBomb answers with a gzip body that decodes to so many blanks, 0 or more.
func GzipBomb(size int64) Fault {
	checkSize("GzipBomb", size)
	return Fault{func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		compressed := gzip.NewWriter(w)
		flood(r.Context(), compressed, size, " ")
		_ = compressed.Close()
	}}
}

// Flood answers with a status and a body of so many bytes, which repeats pattern.
// It panics for a status that Status does not take, for no pattern and for less than
// nothing.
func Flood(status int, size int64, pattern string) Fault {
	checkStatus("Flood", status)
	if pattern == "" {
		misuse("Flood wants a pattern")
	}
	checkSize("Flood", size)
	return Fault{func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.WriteHeader(status)
		flood(r.Context(), w, size, pattern)
	}}
}

// flood writes until it is done or nobody reads any more.
func flood(ctx context.Context, w io.Writer, size int64, pattern string) {
	chunk := []byte(strings.Repeat(pattern, 64<<10/len(pattern)+1))
	for size > 0 && ctx.Err() == nil {
		n, err := w.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return
		}
		size -= int64(n)
	}
}

// LongHeader adds headers of so many bytes, 0 or more, in all to the right answer.
func LongHeader(size int) Fault {
	checkSize("LongHeader", int64(size))
	return Change(func(a *Answer) {
		line := strings.Repeat("x", 32<<10)
		for rest := size; rest > 0; rest -= len(line) {
			a.Header.Add("X-Long", line[:min(rest, len(line))])
		}
	})
}

// Delay waits and then serves as it should be, unless the client has left.
func Delay(d time.Duration) Fault {
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		if sleep(r.Context(), d) {
			right.ServeHTTP(w, r)
		}
	}}
}

// Drip sends the body of the right answer in pieces of so many bytes, 1 or more,
// with a pause after each. It panics for fewer.
func Drip(piece int, pause time.Duration) Fault {
	if piece < 1 {
		misuse("Drip wants pieces of 1 byte or more")
	}
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		a := answerOf(w, r, right)
		a.sendHeader(w)
		for rest := a.Body; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			_, _ = w.Write(rest[:min(piece, len(rest))])
			_ = http.NewResponseController(w).Flush()
			if !sleep(r.Context(), pause) {
				return
			}
		}
	}}
}

// Hang answers nothing until the client has left or the server is closed.
func Hang() Fault {
	return Fault{func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }}
}

// Stall sends the right headers and so many bytes of the right body, and then
// nothing until the client has left or the server is closed. A negative number is 0.
func Stall(after int) Fault {
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		sendPart(w, r, right, max(after, 0))
		<-r.Context().Done()
	}}
}

// Abort sends the right headers and so many bytes of the right body, and then
// breaks off: the connection with HTTP/1.1, the stream (RST_STREAM) with HTTP/2. With a
// negative number not even the headers are sent.
func Abort(after int) Fault {
	return Fault{func(w http.ResponseWriter, r *http.Request, right http.Handler) {
		if after >= 0 {
			sendPart(w, r, right, after)
		}
		panic(http.ErrAbortHandler)
	}}
}

func sendPart(w http.ResponseWriter, r *http.Request, right http.Handler, size int) {
	a := answerOf(w, r, right)
	a.sendHeader(w)
	_, _ = w.Write(a.Body[:min(size, len(a.Body))])
	_ = http.NewResponseController(w).Flush()
}

// sleep reports whether it has slept for so long: it ends early with the request.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answerOf has right answer into memory.
func answerOf(w http.ResponseWriter, r *http.Request, right http.Handler) Answer {
	c := &capture{header: w.Header().Clone()}
	right.ServeHTTP(c, r)
	return Answer{Status: c.status, Header: c.header, Body: c.body.Bytes()}
}

type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *capture) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

func (a Answer) sendHeader(w http.ResponseWriter) {
	clear(w.Header())
	maps.Copy(w.Header(), a.Header)
	if w.Header().Get("Content-Length") == "" && len(a.Body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
}

func (a Answer) send(w http.ResponseWriter) {
	a.sendHeader(w)
	_, _ = w.Write(a.Body)
}
