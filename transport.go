package sms

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// authTransport puts the credentials on a request, below resty, so that nothing
// above it ever holds one. It signs a clone: the answer names the unsigned request.
type authTransport struct {
	signer Signer
	base   http.RoundTripper
}

// RoundTrip sends req signed. A 401 is shown to a signer that can cure it, and
// req is then sent once more.
func (t *authTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, resp, err := t.send(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return unsigned(resp, req), err
	}
	refresher, ok := t.signer.(Refresher)
	if !ok {
		return unsigned(resp, req), nil
	}
	body := drain(resp)
	if ctx := req.Context(); ctx.Err() != nil { // no time is left for a cure
		if !attemptEnded(ctx) {
			return nil, ctx.Err()
		}
		resp.Body = rewind(body)
		return unsigned(resp, req), nil
	}
	refused := *resp
	refused.Request, refused.Body = signed, rewind(body)
	retry, err := refresher.Refresh(&refused)
	if err != nil {
		return nil, &signError{err}
	}
	if !retry {
		resp.Body = rewind(body)
		return unsigned(resp, req), nil
	}
	noteReplay(req.Context())
	_, resp, err = t.send(req)
	return unsigned(resp, req), err
}

func (t *authTransport) send(req *http.Request) (*http.Request, *http.Response, error) {
	signed := req.Clone(req.Context())
	setFixedHeaders(signed.Header)
	if req.GetBody != nil { // a replay needs the body anew
		body, err := req.GetBody()
		if err != nil {
			return nil, nil, err
		}
		signed.Body = body
	}
	if err := t.signer.Sign(signed); err != nil {
		return nil, nil, &signError{err}
	}
	redactAdded(req, signed)
	resp, err := t.base.RoundTrip(signed)
	switch {
	case err == nil && resp == nil:
		err = errors.New("the http.Client's Transport returned neither an answer nor an error")
	case err == nil && resp.Body == nil:
		resp.Body = http.NoBody
	}
	return signed, resp, err
}

// attemptEnded reports whether ctx ended with the time of one attempt, and not by
// the caller's doing.
func attemptEnded(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrAttemptTimeout) }

// setFixedHeaders sets what every request carries. Here, and not in resty, it is
// not copied with each of the copies of the headers that resty and http.Client make.
func setFixedHeaders(header http.Header) {
	values := []string{"application/json", "identity", "application/json"}
	header["Accept"], header["Accept-Encoding"], header["Content-Type"] = values[0:1:1], values[1:2:2], values[2:3:3]
}

// redactAdded notes the headers that a signer added: with a signer of the user's
// own there is no other way to know what is a credential.
func redactAdded(req, signed *http.Request) {
	for name, values := range signed.Header {
		switch name {
		case headerDomainID, headerSDKDate, "Accept", "Accept-Encoding", "Content-Type":
			continue
		}
		if _, ours := req.Header[name]; ours {
			continue
		}
		redactIn(req.Context(), values...)
		for _, value := range values {
			if _, credentials, found := strings.Cut(value, " "); found && !strings.Contains(credentials, " ") {
				redactIn(req.Context(), credentials) // "Bearer abc": the second word alone
			}
		}
	}
}

// unsigned gives the answer its unsigned request back, and takes a redirect's
// target from it, so that nothing can follow it.
func unsigned(resp *http.Response, req *http.Request) *http.Response {
	if resp == nil {
		return nil
	}
	resp.Request = req
	if resp.StatusCode/100 == 3 {
		resp.Header = resp.Header.Clone()
		resp.Header.Del("Location")
	}
	return resp
}

// drainTime is how long the body of a 401 may take. What it says is of less use than
// the time that a cure needs.
const drainTime = time.Second

// drain reads an error body up to the limit and releases the connection.
func drain(resp *http.Response) []byte {
	body := resp.Body // RoundTrip puts another in its place
	late := time.AfterFunc(drainTime, func() { _ = body.Close() })
	defer late.Stop()
	defer body.Close()
	text, _ := io.ReadAll(io.LimitReader(body, maxErrorBody))
	return text
}

func rewind(body []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }

// signError is a failure to get or to renew credentials. Its source has retried
// what can be retried.
type signError struct{ err error }

func (e *signError) Error() string { return "authenticate: " + e.err.Error() }
func (e *signError) Unwrap() error { return e.err }

// maxConns is how many connections our own transport opens to a host at most; with
// HTTP/2 one is enough. All of them are kept, so that callers who come together do
// not connect anew each time; more callers wait for their turn.
const maxConns = 64

// newTransport returns a clone of http.DefaultTransport, proxy environment and
// HTTP/2 included, tuned for many callers of one host.
func newTransport() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		base = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   10 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
		}
	}
	t := base.Clone()
	t.MaxIdleConns = 0
	t.MaxConnsPerHost = maxConns
	t.MaxIdleConnsPerHost = maxConns
	t.MaxResponseHeaderBytes = maxResponseHeader
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{}
	}
	t.HTTP2.SendPingTimeout = 15 * time.Second // finds out that a connection is dead
	t.HTTP2.PingTimeout = 5 * time.Second
	return t
}

// asSignError finds a failure of the signer beneath http.Client's own wrapping.
func asSignError(err error) (*signError, bool) {
	var failed *signError
	ok := errors.As(err, &failed)
	return failed, ok
}
