package sms_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// fail makes every request fail in the transport.
func fail(err error) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// brokenBody answers 200 with a body that fails after its first bytes.
func brokenBody(err error) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{}, Request: req, ContentLength: -1,
			Body: io.NopCloser(io.MultiReader(strings.NewReader(passphraseBody[:9]), &failingReader{err})),
		}, nil
	}
}

type failingReader struct{ err error }

func (r *failingReader) Read([]byte) (int, error) { return 0, r.err }

// TestWhatIsRetriedAndWhatIsNot is the table of the package documentation.
func TestWhatIsRetriedAndWhatIsNot(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	noFiles := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	retried := map[string]httpmock.Responder{
		"connection refused":      fail(refused),
		"connection reset":        fail(reset),
		"broken pipe":             fail(os.NewSyscallError("write", syscall.EPIPE)),
		"closed early":            fail(io.EOF),
		"closed in mid-answer":    fail(io.ErrUnexpectedEOF),
		"server closed idle":      fail(errors.New("http: server closed idle connection")),
		"HTTP/2 GOAWAY":           fail(errors.New("http2: server sent GOAWAY and closed the connection")),
		"HTTP/2 connection lost":  fail(errors.New("http2: client connection lost")),
		"body cut short":          brokenBody(io.ErrUnexpectedEOF),
		"body reset":              brokenBody(reset),
		"time-out of the dialler": fail(&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}),
		"temporary DNS failure":   fail(&net.DNSError{Err: "server misbehaving", Name: "sms.test", IsTemporary: true}),
		"DNS time-out":            fail(&net.DNSError{Err: "timeout", Name: "sms.test", IsTimeout: true}),
		"an answer unasked for":   fail(errors.New("readLoopPeekFailLocked: %!w(<nil>)")), // net/http's own words
		"garbled Retry-After":     respond(http.StatusTooManyRequests, "", "Retry-After", "soon"),
		"negative Retry-After":    respond(http.StatusTooManyRequests, "", "Retry-After", "-5"),
		"passed Retry-After":      respond(http.StatusServiceUnavailable, "", "Retry-After", "Fri, 31 Dec 1999 23:00:00 GMT"),
		"error body cut short":    respond(http.StatusServiceUnavailable, `{"error_code":"E`),
	}
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		retried[strconv.Itoa(status)] = respond(status, `{"error_code":"E"}`)
	}
	final := map[string]httpmock.Responder{
		"unknown host":        fail(&net.DNSError{Err: "no such host", Name: "sms.test", IsNotFound: true}),
		"no file descriptors": fail(noFiles),
		"an unknown error":    fail(errors.New("something else")),
		"malformed HTTP":      fail(errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "x"`)),
		"malformed JSON":      respond(http.StatusOK, "{"),
		"too large":           respond(http.StatusOK, strings.Repeat(" ", 2<<20)),
		"204":                 respond(http.StatusNoContent, ""),
	}
	for _, status := range []int{101, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 418, 501, 505, 511, 600, 999} {
		final[strconv.Itoa(status)] = respond(status, "", "Location", "https://elsewhere.test/")
	}
	count := func(t *testing.T, r httpmock.Responder) (int, error) {
		t.Helper()
		var attempts int
		var err error
		synctest.Test(t, func(t *testing.T) {
			client := mockClient(t, func(req *http.Request) (*http.Response, error) { attempts++; return r(req) })
			_, err = client.ShowPassphrase(t.Context(), taskID)
		})
		return attempts, err
	}
	for name, r := range retried {
		attempts, err := count(t, r)
		assert.Equal(t, 3, attempts, name)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "after 3 attempts", name)
	}
	for name, r := range final {
		attempts, err := count(t, r)
		assert.Equal(t, 1, attempts, name)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "attempts", name)
	}
	for name, r := range retried { // one failure alone is not seen by the caller
		attempts, err := count(t, inTurn(r, respond(http.StatusOK, passphraseBody)))
		assert.Equal(t, 2, attempts, name)
		require.NoError(t, err, name)
	}
}

// schedule makes a call that always gets r and returns when each attempt began.
func schedule(t *testing.T, r httpmock.Responder, opts ...sms.Option) []time.Duration {
	t.Helper()
	var at []time.Duration
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := mockClient(t, func(req *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			return r(req)
		}, opts...)
		_, err := client.ShowCertKey(t.Context(), taskID)
		require.Error(t, err)
	})
	return at
}

func TestTheWaitIsDrawnBelowACeilingThatDoubles(t *testing.T) {
	t.Parallel()
	policy := sms.WithRetry(sms.RetryPolicy{MaxAttempts: 12})
	longest := make([]time.Duration, 11)
	for range 200 {
		at := schedule(t, respond(http.StatusBadGateway, ""), policy)
		require.Len(t, at, 12)
		for i := range longest {
			wait := at[i+1] - at[i]
			ceiling := min(100*time.Millisecond<<i, 5*time.Second)
			require.LessOrEqual(t, wait, ceiling)
			longest[i] = max(longest[i], wait)
		}
	}
	for i, wait := range longest {
		assert.Greater(t, wait, min(100*time.Millisecond<<i, 5*time.Second)*3/4, "the jitter is full: draws reach the ceiling %d", i)
	}
}

func TestA429WaitsBelowASecondAtLeast(t *testing.T) {
	t.Parallel()
	var longest time.Duration
	for range 100 {
		at := schedule(t, respond(http.StatusTooManyRequests, ""), sms.WithRetry(sms.RetryPolicy{MaxAttempts: 2}))
		longest = max(longest, at[1]-at[0])
		require.LessOrEqual(t, at[1]-at[0], time.Second)
		at = schedule(t, respond(http.StatusTooManyRequests, ""), sms.WithRetry(sms.RetryPolicy{MaxAttempts: 2, MaxDelay: 200 * time.Millisecond}))
		require.LessOrEqual(t, at[1]-at[0], 200*time.Millisecond, "MaxDelay caps it")
	}
	assert.Greater(t, longest, 500*time.Millisecond)
}

func TestRetryAfterIsHonouredUpToMaxDelay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		date   string
		wait   time.Duration
	}{
		"seconds":             {header: "3", wait: 3 * time.Second},
		"padded seconds":      {header: " 5 ", wait: 5 * time.Second},
		"date":                {header: "Sat, 01 Jan 2000 00:00:04 GMT", wait: 4 * time.Second}, // a bubble's clock starts with the year 2000
		"date by its clock":   {header: "Tue, 03 Mar 2026 10:00:02 GMT", date: "Tue, 03 Mar 2026 10:00:00 GMT", wait: 2 * time.Second},
		"old form of a date":  {header: "Saturday, 01-Jan-00 00:00:02 GMT", wait: 2 * time.Second},
		"seconds with a date": {header: "1", date: "Tue, 03 Mar 2026 10:00:00 GMT", wait: time.Second},
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			at := schedule(t, respond(status, "", "Retry-After", c.header, "Date", c.date))
			assert.Equal(t, []time.Duration{0, c.wait, 2 * c.wait}[:2], at[:2], name)
		}
	}
}

func TestALongerRetryAfterEndsTheCallWithTheHint(t *testing.T) {
	t.Parallel()
	for header, hint := range map[string]time.Duration{
		"6":                             6 * time.Second,
		"1000000000":                    1_000_000_000 * time.Second,
		"99999999999999999999999999999": time.Duration(1<<63 - 1),
		"Sat, 01 Jan 2000 01:00:00 GMT": time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			client := mockClient(t, respond(http.StatusTooManyRequests, "", "Retry-After", header))
			_, err := client.ShowCertKey(t.Context(), taskID)
			var refused *sms.APIError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, hint, refused.RetryAfter)
			require.ErrorIs(t, err, sms.ErrThrottled)
			assert.Zero(t, time.Since(start), "at once")
		})
	}
}

func TestAWaitThatWouldPassTheDeadlineEndsTheCallWithTheLastError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		client := mockClient(t, respond(http.StatusServiceUnavailable, "", "Retry-After", "2"))
		_, err := client.ShowCertKey(ctx, taskID)
		require.ErrorIs(t, err, sms.ErrServer)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, time.Since(start))
	})
}

func TestAnEndedContextEndsTheCall(t *testing.T) {
	t.Parallel()
	hang := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	hungBody := func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req, ContentLength: -1,
			Body: io.NopCloser(&hangingReader{req.Context()})}, nil
	}
	for name, r := range map[string]httpmock.Responder{
		"before the answer": hang, "in the body": hungBody,
		"while waiting to retry": respond(http.StatusServiceUnavailable, "", "Retry-After", "5"),
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			_, err := mockClient(t, r).ShowCertKey(ctx, taskID)
			require.ErrorIs(t, err, context.Canceled, name)
			require.NotErrorIs(t, err, sms.ErrAttemptTimeout, name)
		})
		synctest.Test(t, func(t *testing.T) {
			cause := errors.New("shutting down")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(3*time.Second, func() { cancel(cause) })
			_, err := mockClient(t, r).ShowCertKey(ctx, taskID)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, cause, name)
		})
	}
	for name, r := range map[string]httpmock.Responder{"before the answer": hang, "in the body": hungBody} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := mockClient(t, r).ShowCertKey(ctx, taskID)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.NotErrorIs(t, err, sms.ErrAttemptTimeout, name)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := mockClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	})
	_, err := client.ShowCertKey(ctx, taskID)
	require.ErrorIs(t, err, context.Canceled)
}

type hangingReader struct{ ctx context.Context }

func (r *hangingReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

func TestAnAttemptThatTakesTooLongIsAnAttemptTimeoutAndNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	hang := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, context.Cause(req.Context())
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := mockClient(t, hang, sms.WithTimeout(7*time.Second), once())
		_, err := client.ShowCertKey(t.Context(), taskID)
		require.ErrorIs(t, err, sms.ErrAttemptTimeout)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		var netErr net.Error
		require.ErrorAs(t, err, &netErr)
		assert.True(t, netErr.Timeout())
		assert.Equal(t, 7*time.Second, time.Since(start))
		assert.Contains(t, err.Error(), "WithTimeout")
	})
	synctest.Test(t, func(t *testing.T) {
		transport := httpmock.NewMockTransport()
		transport.RegisterNoResponder(hang)
		client, err := sms.NewClient(mockEndpoint, sms.StaticToken("token"), once(), sms.WithTimeout(time.Minute),
			sms.WithHTTPClient(&http.Client{Transport: transport, Timeout: 2 * time.Second}))
		require.NoError(t, err)
		start := time.Now()
		_, err = client.ShowCertKey(t.Context(), taskID)
		require.ErrorIs(t, err, sms.ErrAttemptTimeout)
		assert.Equal(t, 2*time.Second, time.Since(start), "the http.Client's time-out is the smaller one")
	})
	synctest.Test(t, func(t *testing.T) {
		client := mockClient(t, inTurn(hang, respond(http.StatusOK, passphraseBody)))
		start := time.Now()
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(start), 30*time.Second, "the default time-out")
	})
}

func TestABudgetKeepsRetriesFromMultiplyingAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		down := true
		client := mockClient(t, func(req *http.Request) (*http.Response, error) {
			attempts++
			if down {
				return respond(http.StatusServiceUnavailable, "")(req)
			}
			return respond(http.StatusOK, passphraseBody)(req)
		})
		for range 10_000 {
			_, err := client.ShowPassphrase(t.Context(), taskID)
			require.ErrorIs(t, err, sms.ErrServer)
		}
		assert.Equal(t, 10_100, attempts, "a bucket of 500, 5 a retry")
		down = false
		for range 25 {
			_, err := client.ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err)
		}
		down, attempts = true, 0
		for range 100 {
			_, err := client.ShowPassphrase(t.Context(), taskID)
			require.Error(t, err)
		}
		assert.Equal(t, 105, attempts, "25 successes pay for 5 retries")
	})
}
