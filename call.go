package sms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
)

// call is one operation of a service: what to send and how to read the answer.
type call struct {
	operation string      // ShowCertKey
	method    string      // GET where empty
	target    string      // path and query, beginning with a slash
	header    http.Header // beyond what every request carries
	body      []byte
	secrets   []string // what header and body hold that must not come back in an error
	text      bool     // the answer is plain text, not a JSON object
	success   int      // the one status that is a success: 200 where zero
	// decode reads the body of a success. It must copy what it keeps: the buffer is
	// wiped and used again. Its errors must not quote the body.
	decode func(header http.Header, body []byte) error
}

// pipeline is the one way to a service that every operation goes through:
//
//	do        the attempts, with the retry policy between them
//	attempt   one request through resty, bounded in time
//	receive   status -> APIError, or a bounded read and a strict decode
//
// It is safe for concurrent use.
type pipeline struct {
	endpoint string // without a slash at its end
	// request is resty's R. Only the function is kept: a dumper that walks a value by
	// reflection would find requests and keys in the buffers of the connections.
	request  func() *resty.Request
	timeout  time.Duration // one attempt
	limit    int64         // bytes of a success body, decoded
	retry    RetryPolicy   // defaults filled in
	budget   budget
	watchers *watchers              // nil: those of the call on whose behalf this one is made
	buffers  sync.Pool              // *[]byte
	requests sync.Pool              // *resty.Request without header and body
	trace    *httptrace.ClientTrace // of a transport of our own; may be nil
	onBroken func()                 // called after an answer that breaks HTTP or JSON; may be nil
}

// newPipeline builds a pipeline over transport, with the credentials of signer on
// each request. Redirects are never followed and cookies not kept.
func newPipeline(endpoint string, signer Signer, transport http.RoundTripper, userAgent string) *pipeline {
	client := resty.NewWithClient(&http.Client{
		Transport:     &authTransport{signer: signer, base: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	client.SetLogger(silent{})
	client.SetHeader("User-Agent", userAgent)
	return &pipeline{
		endpoint: endpoint,
		request:  client.R,
		timeout:  defaultTimeout,
		limit:    defaultMaxResponse,
		retry:    RetryPolicy{}.withDefaults(),
	}
}

// silent is resty's logger: its log lines show URLs and more.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// do performs c and retries it as the policy says.
func (p *pipeline) do(ctx context.Context, c call) error {
	if ctx == nil {
		return invalidArgument(c.operation + ": the context is nil: pass context.Background() for none")
	}
	if err := ctx.Err(); err != nil {
		return &callError{operation: c.operation, err: err, hint: "the context had ended, nothing was sent"}
	}
	watched := p.watchers.in(ctx) // what the watchers get: without what is sent
	ctx, sent := withRedactions(watched)
	redactIn(ctx, c.secrets...)
	for number := 1; ; number++ {
		a := Attempt{Operation: c.operation, Number: number, Start: time.Now()}
		a.Err = p.attempt(ctx, c, sent, &a)
		a.Duration = time.Since(a.Start)
		if a.Err != nil {
			a.Wait, a.Retry = p.backoff(ctx, number, a.Err)
		}
		report(watched, a, sent)
		if a.Err == nil {
			p.budget.deposit()
			return nil
		}
		if !a.Retry {
			return finish(c.operation, number, a.Err)
		}
		if err := sleep(ctx, a.Wait); err != nil {
			return finish(c.operation, number, fmt.Errorf("%w while waiting to try again after: %w", err, a.Err))
		}
	}
}

// attempt sends c once. The time-out spans everything from connecting to the
// last byte of the body. What the answer says of itself goes into a.
func (p *pipeline) attempt(ctx context.Context, c call, sent *redactions, a *Attempt) error {
	attemptCtx, cancel := context.WithTimeoutCause(ctx, p.timeout, ErrAttemptTimeout)
	defer cancel()
	if p.trace != nil {
		attemptCtx = withTrace(attemptCtx, p.trace)
	}
	raw, err := p.send(attemptCtx, c)
	if err != nil {
		return p.diagnose(ctx, attemptCtx, err, sent)
	}
	defer raw.Body.Close()
	a.StatusCode, a.RequestID = raw.StatusCode, requestID(raw.Header)
	if err := p.receive(attemptCtx, c, raw, sent); err != nil {
		return p.diagnose(ctx, attemptCtx, err, sent)
	}
	return nil
}

// send makes the request of c. One that has nothing of its own but its context and
// its target serves again: it is a sixth of the memory of a call (BenchmarkShowPassphrase).
func (p *pipeline) send(ctx context.Context, c call) (*http.Response, error) {
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	plain := c.header == nil && c.body == nil
	request, ok := p.requests.Get().(*resty.Request)
	if !ok || !plain {
		request = p.request().SetDoNotParseResponse(true)
	}
	maps.Copy(request.Header, c.header)
	if c.body != nil {
		request.SetBody(c.body)
	}
	resp, err := request.SetContext(ctx).Execute(method, p.endpoint+c.target)
	if plain {
		request.SetContext(context.Background()).RawRequest = nil //nolint:contextcheck // it outlives the call
		p.requests.Put(request)
	}
	if err != nil {
		return nil, err
	}
	return resp.RawResponse, nil
}

// callError names the operation that failed, and how often it was tried.
type callError struct {
	operation string
	attempts  int
	err       error
	hint      string
}

func (e *callError) Error() string {
	text := e.err.Error()
	if _, isAPI := e.err.(*APIError); !isAPI { //nolint:errorlint // only the outermost one names the operation itself
		text = fmt.Sprintf("sms: %s: %s", e.operation, text)
	}
	if e.hint != "" {
		text += "; " + e.hint
	}
	if e.attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.attempts)
	}
	return oneLine(text)
}

func (e *callError) Unwrap() error { return e.err }

// finish is the error of a whole call.
func finish(operation string, attempts int, err error) error {
	if apiErr, ok := err.(*APIError); ok && attempts == 1 { //nolint:errorlint // it is not wrapped yet
		return apiErr
	}
	e := &callError{operation: operation, attempts: attempts, err: err}
	if _, nested := errors.AsType[*callError](err); !nested { // a call to IAM that failed within this one has said it
		e.hint = hint(err)
	}
	return e
}
