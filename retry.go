package sms

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RetryPolicy says how often and how patiently a call is tried. A zero field
// takes its default; a negative one is ErrInvalidArgument. Whatever the policy, a client's
// retries come from a budget of 100 that 5 successes refill by one.
type RetryPolicy struct {
	// MaxAttempts is how many attempts a call makes at most: 3 by default, 1 for no
	// retry. A 401 that the signer can cure is sent once more within its attempt.
	MaxAttempts int
	// BaseDelay is the longest wait before the second attempt: 100 ms by default.
	// It doubles with each attempt, and is taken as a second at least after a 429. The
	// wait is drawn at random from 0 to it.
	BaseDelay time.Duration
	// MaxDelay bounds every wait, also after a 429: 5 s by default. A Retry-After
	// beyond it ends the call.
	MaxDelay time.Duration
}

const (
	defaultAttempts  = 3
	defaultBaseDelay = 100 * time.Millisecond
	defaultMaxDelay  = 5 * time.Second
	throttledDelay   = time.Second
)

func (r RetryPolicy) withDefaults() RetryPolicy {
	if r.MaxAttempts == 0 {
		r.MaxAttempts = defaultAttempts
	}
	if r.BaseDelay == 0 {
		r.BaseDelay = defaultBaseDelay
	}
	if r.MaxDelay == 0 {
		r.MaxDelay = defaultMaxDelay
	}
	return r
}

// ceiling is the longest wait after the given attempt: min(base * 2^(attempt-1), MaxDelay).
func (r RetryPolicy) ceiling(base time.Duration, attempt int) time.Duration {
	for range attempt - 1 {
		if base >= r.MaxDelay/2 {
			return r.MaxDelay
		}
		base *= 2
	}
	return min(base, r.MaxDelay)
}

// backoff decides whether there is another attempt after err, and how long to
// wait for it.
func (p *pipeline) backoff(ctx context.Context, attempt int, err error) (time.Duration, bool) {
	if attempt >= p.retry.MaxAttempts || !retryable(err) {
		return 0, false
	}
	wait, ok := p.retry.wait(attempt, err)
	if !ok {
		return 0, false
	}
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) <= wait {
		return 0, false
	}
	return wait, p.budget.withdraw()
}

// wait returns how long to wait after err, or false where the service asks for
// longer than MaxDelay.
func (r RetryPolicy) wait(attempt int, err error) (time.Duration, bool) {
	base := r.BaseDelay
	if refused, ok := errors.AsType[*APIError](err); ok {
		if refused.RetryAfter > 0 {
			return refused.RetryAfter, refused.RetryAfter <= r.MaxDelay
		}
		if refused.StatusCode == http.StatusTooManyRequests {
			base = max(base, throttledDelay)
		}
	}
	return rand.N(min(r.ceiling(base, attempt), maxDuration-1) + 1), true
}

// retryable reports whether a GET that ended in err is worth sending again: the
// table of the package documentation.
func retryable(err error) bool {
	if _, ok := asSignError(err); ok {
		return false // what IAM refuses or fails is retried by its own source
	}
	if refused, ok := errors.AsType[*APIError](err); ok {
		switch refused.StatusCode {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		default:
			return false
		}
	}
	var failed *transportError
	return errors.As(err, &failed) && failed.temporary
}

// reason names, for the log, why a call is tried again.
func reason(err error) string {
	if refused, ok := errors.AsType[*APIError](err); ok {
		return statusLine(refused.StatusCode)
	}
	return err.Error()
}

// sleep waits, or returns the context's error as soon as it ends.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx, ctx.Err())
	}
}

// retryAfter reads the Retry-After header, seconds or a date. It returns 0 for
// none, for one that has passed and for one that is neither.
func retryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxDuration/time.Second) {
			return maxDuration
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, until.Sub(now))
}

const maxDuration = time.Duration(1<<63 - 1)

// budget keeps retries from multiplying an outage: each takes from a bucket that
// only successes fill up again.
type budget struct {
	mu    sync.Mutex
	spent int // of budgetSize
}

const (
	budgetSize    = 500
	budgetRetry   = 5 // what a retry costs
	budgetSuccess = 1 // what a success brings back
)

func (b *budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+budgetRetry > budgetSize {
		return false
	}
	b.spent += budgetRetry
	return true
}

func (b *budget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(0, b.spent-budgetSuccess)
}
