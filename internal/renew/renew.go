// Package renew keeps one credential fresh for many callers: it is fetched when
// it is first needed, renewed before it ends, and fetched anew when it was refused.
package renew

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The rules of renewal.
const (
	earlyBy      = 5 * time.Minute  // how long before its end a credential is renewed
	shortLife    = 25 * time.Minute // below it, renewal comes at 80 % of the life
	earlyLimit   = 10 * time.Second // of a renewal in the background
	waitedLimit  = 30 * time.Second // of a renewal that callers wait for
	retryEvery   = 30 * time.Second // between renewals in the background
	rememberedIn = 30 * time.Second // how long a definite refusal stands for the next callers
	grace        = time.Second      // for a fetch to come back when its time is over
)

// Source says how a credential is had.
type Source[T any] struct {
	// Fetch gets a new credential. Its context carries the values of the context of
	// the caller that set it off, but not its end. One that does not come back when its
	// context has ended is given up.
	Fetch func(context.Context) (T, error)
	// ExpiresAt returns when a credential ends, zero for never.
	ExpiresAt func(T) time.Time
	// Refused reports whether an error of Fetch is definite, so that asking again
	// at once would do no good and may lock an account. It may be nil.
	Refused func(error) bool
}

// Cache holds a credential. It is safe for concurrent use.
type Cache[T any] struct {
	source Source[T]

	mu        sync.Mutex
	value     T
	held      bool
	since     time.Time // when value was fetched
	lastEarly time.Time // when a renewal in the background was last begun
	flight    *flight[T]
	refusal   error
	refusedAt time.Time
}

// flight is one fetch under way. Its outcome is written before done is closed.
type flight[T any] struct {
	outcome[T]

	done    chan struct{}
	cancel  context.CancelFunc
	late    *time.Timer // gives it up
	early   bool        // nobody waited when it began
	waiters int
	left    bool // all who waited have left: it is cancelled, and who comes waits for its end
	landed  bool
}

// outcome is what a fetch has brought.
type outcome[T any] struct {
	value T
	err   error
	panic any
}

var (
	errGone = errors.New("sms: the source of the credentials ended its goroutine")
	errHung = errors.New("sms: the source of the credentials does not come back, though its context has ended")
)

// New returns an empty cache.
func New[T any](source Source[T]) *Cache[T] { return &Cache[T]{source: source} }

// Get returns the credential. It waits only where there is none that is still
// valid, and then no longer than until ctx ends: the fetch goes on for the others.
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	c.mu.Lock()
	now := time.Now()
	if c.held && c.valid(now) {
		defer c.mu.Unlock()
		if c.flight == nil && c.due(now) {
			c.lastEarly = now
			c.start(ctx, true)
		}
		return c.value, nil
	}
	if c.refusal != nil && now.Sub(c.refusedAt) < rememberedIn {
		defer c.mu.Unlock()
		var none T
		return none, c.refusal
	}
	f := c.flight
	if f == nil {
		f = c.start(ctx, false)
	}
	f.waiters++
	c.mu.Unlock()
	return c.wait(ctx, f)
}

func (c *Cache[T]) wait(ctx context.Context, f *flight[T]) (T, error) {
	select {
	case <-f.done:
		if f.panic != nil {
			panic(f.panic) // where it would have gone without a cache between
		}
		if (f.early || f.left) && f.err != nil {
			return c.Get(ctx) // a fetch that nobody waited for does not speak for those who do
		}
		return f.value, f.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiters--
	if f.waiters == 0 && !f.early && !f.landed {
		f.left = true
		f.cancel()
		f.late.Reset(grace)
	}
	var none T
	return none, context.Cause(ctx)
}

// Invalidate drops the credential if refused says that it is the one that was
// refused; one that was renewed in the meantime stays.
func (c *Cache[T]) Invalidate(refused func(T) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held && refused(c.value) {
		var none T
		c.value, c.held = none, false
	}
}

func (c *Cache[T]) valid(now time.Time) bool {
	end := c.source.ExpiresAt(c.value)
	return end.IsZero() || now.Before(end)
}

// due reports whether it is time to renew in the background.
func (c *Cache[T]) due(now time.Time) bool {
	end := c.source.ExpiresAt(c.value)
	if end.IsZero() || !c.lastEarly.IsZero() && now.Sub(c.lastEarly) < retryEvery {
		return false
	}
	life := end.Sub(c.since)
	lead := earlyBy
	if life < shortLife {
		lead = life / 5
	}
	return end.Sub(now) <= lead
}

// start begins a fetch. The caller holds the lock.
func (c *Cache[T]) start(ctx context.Context, early bool) *flight[T] {
	limit := waitedLimit
	if early {
		limit = earlyLimit
	}
	fetchCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	f := &flight[T]{done: make(chan struct{}), cancel: cancel, early: early}
	c.flight = f
	f.late = time.AfterFunc(limit+grace, func() { c.land(f, outcome[T]{err: errHung}) })
	go func() {
		got := outcome[T]{err: errGone} // stays where Fetch calls runtime.Goexit
		defer cancel()
		defer f.late.Stop()
		defer func() { c.land(f, got) }()
		defer func() { got.panic = recover() }()
		got.value, got.err = c.source.Fetch(fetchCtx)
	}()
	return f
}

// land takes over what a fetch has brought. Only the first outcome counts: one that
// comes after all, when nobody waits for it any more, is dropped.
func (c *Cache[T]) land(f *flight[T], got outcome[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.landed {
		return
	}
	f.landed, f.outcome, c.flight = true, got, nil
	defer close(f.done)
	switch {
	case f.panic == nil && f.err == nil:
		c.value, c.held, c.since, c.refusal = f.value, true, time.Now(), nil
	case f.err != nil && c.source.Refused != nil && c.source.Refused(f.err):
		c.refusal, c.refusedAt = f.err, time.Now()
	}
}
