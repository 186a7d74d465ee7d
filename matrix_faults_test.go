package sms_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

var errBlackHole = errors.New("a black hole")

// faults are the rows of the matrix.
func faults() []fault {
	var all []fault
	for group, rows := range map[string][]fault{
		"transport": transportFaults(), "framing": framingFaults(), "bounds": boundFaults(), "redirect": redirectFaults(),
		"success": successFaults(), "refusal": refusalFaults(), "TLS": tlsFaults(), "process": processFaults(),
	} {
		for _, f := range rows {
			f.group = group
			all = append(all, f)
		}
	}
	return all
}

// inScript makes the next requests for the cell's call go wrong.
func inScript(script ...smstest.Fault) func(*cell) {
	return func(c *cell) { c.srv.Fail(c.op, script...) }
}

func always(f smstest.Fault) func(*cell) {
	return func(c *cell) { c.srv.FailAlways(c.op, f) }
}

func connections(faults ...smstest.ConnFault) func(*cell) {
	return func(c *cell) { c.srv.FailConnections(smstest.SMS, faults...) }
}

// firstDial fails the first dial, everyDial all of them.
func firstDial(err error) func(int) error {
	return func(n int) error {
		if n == 1 {
			return err
		}
		return nil
	}
}

func everyDial(err error) func(int) error { return func(int) error { return err } }

func dialled(times int64) func(*testing.T, *cell) {
	return func(t *testing.T, c *cell) {
		t.Helper()
		assert.Equal(t, times, c.dials.Load(), "dials")
	}
}

func cut(size int) func(string) string { return func(answer string) string { return answer[:size] } }

// inBody cuts an answer in the middle of its body.
func inBody(answer string) string {
	head := strings.Index(answer, "\r\n\r\n") + 4
	return answer[:head+(len(answer)-head)/2]
}

func nothing(string) string { return "" }

func transportFaults() []fault {
	unknownHost := &net.DNSError{Err: "no such host", Name: "sms.invalid", IsNotFound: true}
	noServer := &net.DNSError{Err: "server misbehaving", Name: "sms.example", IsTemporary: true}
	return []fault{
		{name: "refused once", dial: firstDial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), requests: 1},
		{name: "refused for ever", dial: everyDial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), want: syscall.ECONNREFUSED, check: dialled(3)},
		{name: "unknown host", dial: everyDial(unknownHost), want: unknownHost, check: dialled(1)},
		{name: "name server in trouble once", dial: firstDial(noServer), requests: 1},
		{name: "no file descriptors left", dial: everyDial(syscall.EMFILE), want: syscall.EMFILE, check: dialled(1)},
		{name: "black hole, once" + short, dial: firstDial(errBlackHole), requests: 1},
		{name: "black hole, for ever" + short, dial: everyDial(errBlackHole), want: sms.ErrAttemptTimeout, check: dialled(3)},
		{name: "reset when connected", server: connections(smstest.ConnReset), requests: 1},
		{name: "closed when connected", server: connections(smstest.ConnClose), requests: 1},
		{name: "reset in the handshake", server: connections(smstest.ConnResetInHandshake), requests: 1},
		{name: "silent in the handshake" + short, server: connections(smstest.ConnStall), requests: 1},
		{name: "reset after the request", protocol: 1, server: inScript(smstest.Reset(nothing)), requests: 2},
		{name: "closed before the status line", protocol: 1, server: inScript(smstest.Wire(nothing)), requests: 2},
		{name: "reset in the status line", protocol: 1, server: inScript(smstest.Reset(cut(10))), requests: 2},
		{name: "reset in the headers", protocol: 1, server: inScript(smstest.Reset(cut(30))), requests: 2},
		{name: "closed in the headers", protocol: 1, server: inScript(smstest.Wire(cut(30))), requests: 2},
		{name: "reset in the body", protocol: 1, server: inScript(smstest.Reset(inBody)), requests: 2},
		{name: "closed in the body", protocol: 1, server: inScript(smstest.Wire(inBody)), requests: 2},
		{name: "reset in the body for ever", protocol: 1, server: always(smstest.Reset(inBody)), want: errAny, requests: 3},
		{name: "given up before the headers", server: inScript(smstest.Abort(-1)), requests: 2},
		{name: "given up in the body", server: inScript(smstest.Abort(10)), requests: 2},
		{name: "given up in the body twice", server: inScript(smstest.Abort(10), smstest.Abort(0)), requests: 3},
		{name: "silent once" + short, server: inScript(smstest.Hang()), requests: 2},
		{name: "silent for ever" + short, server: always(smstest.Hang()), want: sms.ErrAttemptTimeout, requests: 3},
		{name: "silent in the body" + short, server: inScript(smstest.Stall(10)), requests: 2},
		{name: "a slow body that moves on", server: inScript(smstest.Drip(64, time.Millisecond)), requests: 1},
		{name: "a slow start", server: inScript(smstest.Delay(20 * time.Millisecond)), requests: 1},
		{name: "a stale connection", requests: 2, call: func(c *cell) error {
			err := c.call()
			c.srv.CloseConnections()
			return errors.Join(err, c.call())
		}},
	}
}

// errAny is any error that is none of ours.
var errAny = errors.New("any failure of the transport")

func framingFaults() []fault {
	replace := func(old, other string) smstest.Fault {
		return smstest.Wire(func(answer string) string { return strings.Replace(answer, old, other, 1) })
	}
	status := func(code string) smstest.Fault { return replace("HTTP/1.1 200 OK", "HTTP/1.1 "+code) }
	length := func(change func(n int) string) smstest.Fault {
		return smstest.Wire(func(answer string) string {
			_, rest, _ := strings.Cut(answer, "Content-Length: ")
			number, _, _ := strings.Cut(rest, "\r\n")
			n, _ := strconv.Atoi(number)
			return strings.Replace(answer, "Content-Length: "+number, change(n), 1)
		})
	}
	chunked := func(change func(body string) string) smstest.Fault {
		return smstest.Wire(func(answer string) string {
			head, body, _ := strings.Cut(answer, "\r\n\r\n")
			head, _, _ = strings.Cut(head, "Content-Length: ")
			return head + "Transfer-Encoding: chunked\r\n\r\n" + change(body)
		})
	}
	rows := []fault{
		{name: "Content-Length too long", server: inScript(length(func(n int) string { return fmt.Sprintf("Content-Length: %d", n+10) })), requests: 2},
		{name: "Content-Length too short, identity", server: inScript(length(func(n int) string {
			return fmt.Sprintf("Content-Encoding: identity\r\nContent-Length: %d", n-10)
		})), want: sms.ErrInvalidResponse, requests: 1},
		{name: "Content-Length too short", server: inScript(length(func(n int) string { return fmt.Sprintf("Content-Length: %d", n-10) })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "two different Content-Lengths", server: inScript(length(func(n int) string { return fmt.Sprintf("Content-Length: %d\r\nContent-Length: %d", n, n+1) })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "a bad Content-Length", server: inScript(length(func(int) string { return "Content-Length: many" })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "chunks", server: inScript(chunked(func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) })), requests: 1},
		{name: "chunks and trailers", server: inScript(chunked(func(body string) string {
			return fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Checksum: 1\r\n\r\n", len(body), body)
		})), requests: 1},
		{name: "truncated chunks", server: inScript(chunked(func(body string) string { return fmt.Sprintf("%x\r\n%s", len(body), body[:len(body)/2]) })), requests: 2},
		{name: "no last chunk", server: inScript(chunked(func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(body), body) })), requests: 2},
		{name: "a bad chunk size", server: inScript(chunked(func(body string) string { return "zz\r\n" + body })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "a stray 100", server: inScript(replace("HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")), requests: 1},
		{name: "a stray 103", server: inScript(replace("HTTP/1.1 200", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200")), requests: 1},
		{name: "status 101", server: inScript(status("101 Switching Protocols")), want: errAny, requests: 1},
		{name: "garbage", server: inScript(smstest.Wire(func(string) string { return "\x00\x01garbage\r\n\r\n" })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "another protocol", server: inScript(smstest.Wire(func(string) string { return "SSH-2.0-OpenSSH_9.2\r\n" })), want: sms.ErrInvalidResponse, requests: 1},
		{name: "a header without a colon", server: always(replace("Content-Type:", "Content-Type ")), want: sms.ErrInvalidResponse, requests: 3},
		{name: "status 000", server: inScript(status("000 None")), want: errAny, requests: 1},
		{name: "status 999", server: inScript(status("999 None")), want: errAny, requests: 1},
		{name: "status abc", server: inScript(status("abc None")), want: sms.ErrInvalidResponse, requests: 1},
	}
	for i := range rows {
		rows[i].protocol = 1
	}
	other := func(encoding string) smstest.Fault {
		return smstest.Change(func(a *smstest.Answer) { a.Header.Set("Content-Encoding", encoding) })
	}
	return append(rows,
		fault{name: "gzip, unasked", server: inScript(smstest.Gzip()), requests: 1},
		fault{name: "gzip that is none", server: inScript(other("gzip")), want: sms.ErrInvalidResponse, requests: 1},
		fault{name: "another encoding", server: inScript(other("br")), want: sms.ErrInvalidResponse, requests: 1},
		fault{name: "GOAWAY after the answer", server: inScript(smstest.Change(func(a *smstest.Answer) { a.Header.Set("Connection", "close") })), requests: 2, protocol: 2,
			call: func(c *cell) error { return errors.Join(c.call(), c.call()) }},
	)
}

func boundFaults() []fault {
	const gigabyte = 1 << 30
	return []fault{
		{name: "a body of 1 GiB", server: inScript(smstest.Flood(200, gigabyte, `{"cert":"`)), want: sms.ErrResponseTooLarge, requests: 1},
		{name: "endless white space", server: inScript(smstest.Flood(200, gigabyte, " \r\n")), want: sms.ErrResponseTooLarge, requests: 1},
		{name: "a gzip bomb", server: inScript(smstest.GzipBomb(gigabyte)), want: sms.ErrResponseTooLarge, requests: 1},
		{name: "10 MB of headers", server: inScript(smstest.LongHeader(10 << 20)), want: sms.ErrInvalidResponse, requests: 1},
		{name: "an error body of 1 GiB", server: inScript(smstest.Flood(403, gigabyte, "x")), want: sms.ErrForbidden, requests: 1},
	}
}

// redirectFaults are 5 statuses with 8 targets: nothing is sent to any of them.
func redirectFaults() []fault {
	targets := map[string]func(c *cell) string{
		"the same host": func(c *cell) string { return c.srv.Endpoint() + "/elsewhere" },
		"a sub-domain":  func(c *cell) string { return strings.Replace(c.srv.Endpoint(), "https://", "https://sub.", 1) },
		"another host":  func(*cell) string { return "https://other.example/" },
		"another port":  func(*cell) string { return "https://127.0.0.1:1/" },
		"plain http":    func(c *cell) string { return strings.Replace(c.srv.Endpoint(), "https://", "http://", 1) },
		"itself":        func(c *cell) string { return c.srv.Endpoint() + "/v3/tasks/" + taskID + "/passphrase" },
		"nowhere":       func(*cell) string { return "" },
		"no URL":        func(*cell) string { return "://nothing" },
	}
	var rows []fault
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, name := range sorted(targets) {
			rows = append(rows, fault{
				name: fmt.Sprintf("%d to %s", status, name), want: sms.ErrRedirect, requests: 1, check: dialled(1),
				server: func(c *cell) { c.srv.FailAlways("", smstest.Redirect(status, targets[name](c))) },
			})
		}
	}
	return rows
}

func successFaults() []fault {
	body := func(text string) smstest.Fault { return smstest.Status(200, text) }
	change := func(f func(string) string) smstest.Fault {
		return smstest.Change(func(a *smstest.Answer) { a.Body = []byte(f(string(a.Body))) })
	}
	insert := func(field string) smstest.Fault {
		return change(func(b string) string { return "{" + field + "," + b[1:] })
	}
	invalid := map[string]smstest.Fault{
		"empty":               body(""),
		"null":                body("null"),
		"an empty object":     body("{}"),
		"an array":            body("[]"),
		"a string":            body(`"passphrase"`),
		"HTML":                body("<html><body>log in to the WLAN</body></html>"),
		"204":                 smstest.Status(204, ""),
		"202 with the answer": smstest.Change(func(a *smstest.Answer) { a.Status = 202 }),
		"206 with the answer": smstest.Change(func(a *smstest.Answer) { a.Status = 206 }),
		"a byte order mark":   change(func(b string) string { return "\xef\xbb\xbf" + b }),
		"invalid UTF-8":       change(func(b string) string { return strings.Replace(b, `":"`, "\":\"\xff", 1) }),
		"a lone surrogate":    change(func(b string) string { return strings.Replace(b, `":"`, `":"\ud800`, 1) }),
		"a name twice": change(func(b string) string {
			return b[:len(b)-1] + `,"passphrase":"x","passphrase":"y","cert":"x","cert":"y"}`
		}),
		"names in capitals": change(func(b string) string {
			return strings.NewReplacer(`"private_key"`, `"PRIVATE_KEY"`, `"passphrase"`, `"Passphrase"`).Replace(b)
		}),
		"null for what is needed": body(`{"cert":null,"private_key":null,"passphrase":null}`),
		"a number for a string":   body(`{"cert":1,"private_key":2,"passphrase":3}`),
		"nested too deep":         body(`{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`),
		"something behind":        change(func(b string) string { return b + "x" }),
		"a second document":       change(func(b string) string { return b + b }),
		"cut short":               change(func(b string) string { return b[:len(b)-1] }),
		"an error object":         body(`{"error_code":"SMS.9004","error_msg":"no"}`),
		"an error with an answer": insert(`"error_code":"SMS.9004"`),
	}
	var rows []fault
	for _, name := range sorted(invalid) {
		rows = append(rows, fault{name: name, server: always(invalid[name]), want: sms.ErrInvalidResponse, requests: 1})
	}
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprintf(`"unknown%d":[{}]`, i)
	}
	return append(rows,
		fault{name: "plain text", server: inScript(smstest.Change(func(a *smstest.Answer) { a.Header.Set("Content-Type", "text/plain") })), requests: 1},
		fault{name: "no type", server: inScript(smstest.Change(func(a *smstest.Answer) { a.Header.Del("Content-Type") })), requests: 1},
		fault{name: "10,000 unknown fields", server: inScript(insert(strings.Join(many, ","))), requests: 1},
		fault{name: "white space around", server: inScript(change(func(b string) string { return "\r\n\t " + b + "\n" })), requests: 1},
	)
}

// refusalFaults are answers that are errors.
func refusalFaults() []fault {
	const text = `{"error_code":"SMS.1","error_msg":"what went wrong"}`
	isAPI := func(status int) func(error) bool {
		return func(err error) bool {
			refused, ok := errors.AsType[*sms.APIError](err)
			return ok && refused.StatusCode == status
		}
	}
	var rows []fault
	for status, want := range map[int]error{
		400: sms.ErrBadRequest, 401: sms.ErrUnauthorized, 403: sms.ErrForbidden, 404: sms.ErrNotFound, 405: errAny, 409: errAny, 410: errAny, 413: errAny,
		414: errAny, 494: errAny, 501: sms.ErrServer, 505: sms.ErrServer,
	} {
		for name, body := range map[string]string{"": text, ", HTML": "<html>no</html>", ", empty": ""} {
			rows = append(rows, fault{name: fmt.Sprint(status) + name, server: always(smstest.Status(status, body)), want: want, is: isAPI(status), requests: 1})
		}
	}
	for status, want := range map[int]error{408: errAny, 429: sms.ErrThrottled, 500: sms.ErrServer, 502: sms.ErrServer, 503: sms.ErrServer, 504: sms.ErrServer} {
		rows = append(rows,
			fault{name: fmt.Sprint(status, " once"), server: inScript(smstest.Status(status, text)), requests: 2},
			fault{name: fmt.Sprint(status, " for ever"), server: always(smstest.Status(status, text)), want: want, is: isAPI(status), requests: 3})
	}
	wait := func(hint string) smstest.Fault { return smstest.Status(429, text, "Retry-After", hint) }
	hint := func(err error) bool {
		refused, ok := errors.AsType[*sms.APIError](err)
		return ok && refused.RetryAfter > time.Hour
	}
	for name, body := range map[string]string{
		"details that are an object": `{"error_code":"c","error_msg":"m","details":{}}`,
		"details that are a string":  `{"error_code":"c","error_msg":"m","details":"x"}`,
		"details that are null":      `{"error_code":"c","error_msg":"m","details":null}`,
		"a numeric code":             `{"error_code":403,"error_msg":"m"}`,
		"IAM's shape":                `{"error":{"code":403,"message":"m","title":"Forbidden"}}`,
		"an encoded message of 60 kB": `{"error_code":"c","error_msg":"m","encoded_authorization_message":"` +
			strings.Repeat("e", 60_000) + `"}`,
		"ANSI escapes": `{"error_code":"c","error_msg":"\u001b[2J\n\r\u0000m"}`,
		"cut short":    `{"error_code":"c","error_msg":"m`,
	} {
		rows = append(rows, fault{name: "403 with " + name, server: always(smstest.Status(403, body)), want: sms.ErrForbidden, is: func(err error) bool {
			return isAPI(403)(err) && len(err.Error()) <= 1024 && !strings.ContainsAny(err.Error(), "\x1b\n\r\x00")
		}, requests: 1})
	}
	return append(rows,
		fault{name: "429, in a second", patience: 5 * time.Second, server: inScript(wait("1")), requests: 2},
		fault{name: "429, a garbled hint", server: inScript(wait("soon")), requests: 2},
		fault{name: "429, a negative hint", server: inScript(wait("-5")), requests: 2},
		fault{name: "429, in 30 years", server: always(wait("1000000000")), want: sms.ErrThrottled, is: hint, requests: 1},
		fault{name: "503, then slow", server: inScript(smstest.Status(503, text), smstest.Drip(256, time.Millisecond)), requests: 2},
		fault{name: "503, reset, 500", protocol: 1, server: inScript(smstest.Status(503, text), smstest.Reset(inBody), smstest.Status(500, text)), want: sms.ErrServer, requests: 3},
		fault{name: "403, our own credentials in it", want: sms.ErrForbidden, requests: 1, server: func(c *cell) {
			var text strings.Builder
			for _, secret := range c.sent {
				fmt.Fprintf(&text, "%s %s %x ", secret, base64.StdEncoding.EncodeToString([]byte(secret)), secret)
			}
			c.srv.FailAlways(c.op, smstest.Status(403, `{"error_code":"c","error_msg":"`+text.String()+`"}`))
		}},
		fault{name: "an unknown task", server: func(c *cell) { c.srv.RemoveTask(taskID) }, want: sms.ErrNotFound, requests: 1},
		fault{name: "a denied action", want: sms.ErrForbidden, requests: 1, server: func(c *cell) {
			c.srv.Deny(smstest.ActionGetCert)
			c.srv.Deny(smstest.ActionGetTaskPassphrase)
		}},
	)
}

// tlsFaults: not one byte of HTTP is sent, and nothing is tried again.
func tlsFaults() []fault {
	quiet := func(t *testing.T, c *cell) {
		t.Helper()
		assert.Zero(t, c.wrote.Load(), "requests that were written")
		assert.Equal(t, int64(1), c.dials.Load(), "dials")
	}
	unverified := func(err error) bool {
		var failed *tls.CertificateVerificationError
		return errors.As(err, &failed)
	}
	var rows []fault
	for name, defect := range map[string]smstest.TLSDefect{
		"expired": smstest.TLSExpired, "not yet valid": smstest.TLSNotYetValid, "for another host": smstest.TLSWrongHost,
		"self-signed": smstest.TLSSelfSigned, "of an unknown CA": smstest.TLSUnknownCA, "not for servers": smstest.TLSWrongUsage,
	} {
		rows = append(rows, fault{name: "a certificate " + name, server: func(c *cell) { c.srv.BreakTLS(defect) }, want: errAny, is: unverified, check: quiet})
	}
	for name, defect := range map[string]smstest.TLSDefect{"TLS 1.0": smstest.TLS10, "TLS 1.1": smstest.TLS11} {
		rows = append(rows, fault{name: name, server: func(c *cell) { c.srv.BreakTLS(defect) }, want: errAny, check: quiet})
	}
	return rows
}

// processFaults are what the caller's own program does.
func processFaults() []fault {
	once := func(reached func(*cell) bool) func(*cell) error { // the call is cancelled when it waits for something
		return func(c *cell) error {
			stop := make(chan struct{})
			defer close(stop)
			go func() {
				for !reached(c) {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
				time.Sleep(20 * time.Millisecond)
				c.cancel()
			}()
			return c.call()
		}
	}
	dialling := once(func(c *cell) bool { return c.dials.Load() > 0 })
	arrived := once(func(c *cell) bool { return len(c.srv.RequestsFor(c.op)) > 0 })
	answered := once(func(c *cell) bool {
		seen := c.srv.RequestsFor(c.op)
		return len(seen) > 0 && seen[0].StatusCode != 0
	})
	return []fault{
		{name: "cancelled before", call: func(c *cell) error { c.cancel(); return c.call() }, want: context.Canceled, check: dialled(0)},
		{name: "a deadline that has passed", want: context.DeadlineExceeded, check: dialled(0), call: func(c *cell) error {
			ctx, cancel := context.WithDeadline(c.ctx, time.Now().Add(-time.Second))
			defer cancel()
			c.ctx = ctx
			return c.call()
		}},
		{name: "cancelled while it dials", dial: everyDial(errBlackHole), call: dialling, want: context.Canceled},
		{name: "cancelled in the handshake", server: connections(smstest.ConnStall), call: dialling, want: context.Canceled},
		{name: "cancelled before the headers", server: always(smstest.Hang()), call: arrived, want: context.Canceled, requests: 1},
		{name: "cancelled in the body", server: always(smstest.Stall(10)), call: answered, want: context.Canceled, requests: 1},
		{name: "cancelled in the wait", patience: 5 * time.Second, server: always(smstest.Status(503, "", "Retry-After", "4")), call: answered, want: context.Canceled, requests: 1},
		{name: "a deadline before the headers", server: always(smstest.Hang()), want: context.DeadlineExceeded, requests: 1, call: func(c *cell) error {
			ctx, cancel := context.WithTimeout(c.ctx, time.Second) // enough to connect on a machine that has much to do
			defer cancel()
			c.ctx = ctx
			return c.call()
		}},
		{name: "a token that was revoked", want: sms.ErrUnauthorized, requests: 1, server: func(c *cell) { c.srv.RevokeTokens(); c.srv.RevokeKeys() }},
	}
}
