package renew_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/huaweicloud/sms/internal/renew"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type credential struct {
	number int64
	end    time.Time
}

// issuer makes credentials that live for life; fail decides which fetches fail.
type issuer struct {
	life    time.Duration
	takes   time.Duration
	fail    func(n int64) error
	fetches atomic.Int64
}

var errRefused = errors.New("refused")

func (i *issuer) cache() *renew.Cache[credential] { return renew.New(i.source()) }

func (i *issuer) source() renew.Source[credential] {
	return renew.Source[credential]{
		Fetch: func(ctx context.Context) (credential, error) {
			n := i.fetches.Add(1)
			select {
			case <-time.After(i.takes):
			case <-ctx.Done():
				return credential{}, ctx.Err()
			}
			if i.fail != nil {
				if err := i.fail(n); err != nil {
					return credential{}, err
				}
			}
			made := credential{number: n}
			if i.life > 0 {
				made.end = time.Now().Add(i.life)
			}
			return made, nil
		},
		ExpiresAt: func(c credential) time.Time { return c.end },
		Refused:   func(err error) bool { return errors.Is(err, errRefused) },
	}
}

func TestAThousandCallersOfAColdCacheMakeOneFetch(t *testing.T) {
	t.Parallel()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			i := &issuer{takes: time.Second}
			c := i.cache()
			var callers sync.WaitGroup
			for range 1000 {
				callers.Go(func() {
					got, err := c.Get(t.Context())
					if err != nil || got.number != 1 {
						t.Errorf("got credential %d, %v", got.number, err)
					}
				})
			}
			callers.Wait()
			assert.Equal(t, int64(1), i.fetches.Load())
		})
	}
}

func TestAStaleCredentialThatManyHoldIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			i := &issuer{takes: 10 * time.Millisecond}
			c := i.cache()
			stale, err := c.Get(t.Context())
			require.NoError(t, err)
			var callers sync.WaitGroup
			for n := range 1000 {
				callers.Go(func() {
					time.Sleep(time.Duration(n) * 500 * time.Microsecond) // their refusals come over half a second
					c.Invalidate(func(held credential) bool { return held.number == stale.number })
					got, err := c.Get(t.Context())
					if err != nil || got.number != 2 {
						t.Errorf("got credential %d, %v", got.number, err)
					}
				})
			}
			callers.Wait()
			assert.Equal(t, int64(2), i.fetches.Load())
		})
	}
}

func TestRenewalComesEarlyAndIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for life, at := range map[time.Duration]time.Duration{
		24 * time.Hour: 24*time.Hour - 5*time.Minute, 30 * time.Minute: 25 * time.Minute, 10 * time.Minute: 8 * time.Minute, time.Minute: 48 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			i := &issuer{life: life, takes: time.Second}
			c := i.cache()
			_, err := c.Get(t.Context())
			require.NoError(t, err)
			time.Sleep(at - time.Second)
			_, err = c.Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, int64(1), i.fetches.Load(), "%v: not yet", life)
			time.Sleep(time.Second)
			before := time.Now()
			got, err := c.Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, int64(1), got.number, "the old one serves on")
			assert.Zero(t, time.Since(before))
			time.Sleep(2 * time.Second)
			got, err = c.Get(t.Context())
			require.NoError(t, err)
			assert.Equal(t, int64(2), got.number, "%v", life)
		})
	}
}

func TestAThousandExpiriesWithFailingEarlyRenewalsFailNoCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour, takes: time.Second, fail: func(n int64) error {
			if n > 1 && n%2 == 0 {
				return errors.New("half of them fail")
			}
			return nil
		}}
		c := i.cache()
		failed := 0
		for i.fetches.Load() < 2001 {
			if _, err := c.Get(t.Context()); err != nil {
				failed++
			}
			time.Sleep(10 * time.Second)
		}
		assert.Zero(t, failed, "in a thousand renewals, each after one that failed")
	})
}

func TestFailedEarlyRenewalsAreHalfAMinuteApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour, fail: func(n int64) error {
			if n > 1 {
				return errRefused
			}
			return nil
		}}
		c := i.cache()
		_, err := c.Get(t.Context())
		require.NoError(t, err)
		time.Sleep(55 * time.Minute)
		for range 299 {
			_, err := c.Get(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, int64(11), i.fetches.Load(), "one in 30 s for five minutes")
	})
}

func TestAWaiterLeavesOnItsOwnContextAndTheOthersStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{takes: 5 * time.Second}
		c := i.cache()
		var callers sync.WaitGroup
		first, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		callers.Go(func() {
			_, err := c.Get(first)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		callers.Go(func() {
			_, err := c.Get(t.Context())
			assert.NoError(t, err, "the one that set it off has left")
		})
		callers.Wait()
		assert.Equal(t, int64(1), i.fetches.Load())
	})
}

func TestAFetchThatNobodyWaitsForIsCancelledAndTheNextCallerGetsANewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{takes: time.Hour}
		c := i.cache()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		i.takes = time.Second // healed
		got, err := c.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, int64(2), got.number)
		synctest.Wait() // the bubble ends with no goroutine left
	})
}

func TestAHungRenewalInTheBackgroundEndsInTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: time.Hour}
		c := i.cache()
		_, err := c.Get(t.Context())
		require.NoError(t, err)
		i.takes = time.Hour
		time.Sleep(56 * time.Minute)
		start := time.Now()
		_, err = c.Get(t.Context())
		require.NoError(t, err)
		time.Sleep(4 * time.Minute) // to its end: the hung one is long gone
		assert.Less(t, time.Since(start), 5*time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestADefiniteRefusalIsRememberedForHalfAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{fail: func(n int64) error {
			if n == 1 {
				return errRefused
			}
			return nil
		}}
		c := i.cache()
		for range 30 {
			_, err := c.Get(t.Context())
			require.ErrorIs(t, err, errRefused)
			time.Sleep(time.Second)
		}
		assert.Equal(t, int64(1), i.fetches.Load())
		_, err := c.Get(t.Context())
		require.NoError(t, err)
	})
}

func TestAnotherFailureIsNotRemembered(t *testing.T) {
	t.Parallel()
	i := &issuer{fail: func(n int64) error {
		if n == 1 {
			return errors.New("a passing fault")
		}
		return nil
	}}
	c := i.cache()
	_, err := c.Get(t.Context())
	require.Error(t, err)
	_, err = c.Get(t.Context())
	require.NoError(t, err)
}

func TestACredentialThatHasEndedOnArrivalServesOnce(t *testing.T) {
	t.Parallel()
	i := &issuer{life: 1}
	c := i.cache()
	for want := range int64(3) {
		got, err := c.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want+1, got.number)
	}
}

func TestAPanicOfTheSourceReachesTheCallerAndLeavesTheCacheUsable(t *testing.T) {
	t.Parallel()
	i := &issuer{fail: func(n int64) error {
		if n == 1 {
			panic("theirs")
		}
		return nil
	}}
	c := i.cache()
	assert.PanicsWithValue(t, "theirs", func() { _, _ = c.Get(t.Context()) })
	_, err := c.Get(t.Context())
	require.NoError(t, err)
}

func TestAClockThatJumpsADayRenews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{life: 24 * time.Hour}
		c := i.cache()
		_, err := c.Get(t.Context())
		require.NoError(t, err)
		time.Sleep(25 * time.Hour)
		got, err := c.Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, int64(2), got.number)
	})
}

// Callers who leave early ask one at a time all the same, and what a definite
// refusal says is not lost with them.
func TestCallersWhoLeaveDoNotMultiplyTheFetches(t *testing.T) {
	t.Parallel()
	for name, heeds := range map[string]bool{"a source that heeds its context": true, "one that does not": false} {
		synctest.Test(t, func(t *testing.T) {
			var under, most, fetches atomic.Int64
			c := renew.New(renew.Source[credential]{
				Fetch: func(ctx context.Context) (credential, error) {
					fetches.Add(1)
					most.Store(max(most.Load(), under.Add(1)))
					defer under.Add(-1)
					if heeds {
						<-ctx.Done()
						time.Sleep(10 * time.Millisecond)
						return credential{}, errRefused // known by the time it was cancelled
					}
					time.Sleep(500 * time.Millisecond)
					return credential{}, errRefused
				},
				ExpiresAt: func(credential) time.Time { return time.Time{} },
				Refused:   func(err error) bool { return errors.Is(err, errRefused) },
			})
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				_, err := c.Get(ctx)
				require.Error(t, err)
				cancel()
			}
			assert.Equal(t, int64(1), most.Load(), name)
			assert.Equal(t, int64(1), fetches.Load(), name)
			_, err := c.Get(t.Context())
			require.ErrorIs(t, err, errRefused, name)
		})
	}
}

// A source that hangs in something that knows no context, such as a file on a disk
// that is gone, holds up nobody for longer than its time.
func TestASourceThatDoesNotHeedItsContextIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"in the background": true, "while callers wait": false} {
		synctest.Test(t, func(t *testing.T) {
			i := &issuer{life: time.Hour}
			var hangs atomic.Bool
			source := i.source()
			fetch := source.Fetch
			source.Fetch = func(ctx context.Context) (credential, error) {
				if hangs.Swap(false) {
					time.Sleep(24 * time.Hour)
				}
				return fetch(ctx)
			}
			c := renew.New(source)
			if early {
				_, err := c.Get(t.Context())
				require.NoError(t, err)
				time.Sleep(56 * time.Minute)
			}
			hangs.Store(true)
			_, err := c.Get(t.Context()) // sets off the one that hangs
			if early {
				require.NoError(t, err)
				time.Sleep(5 * time.Minute) // what is held has ended
			} else {
				require.ErrorContains(t, err, "does not come back", name)
			}
			got, err := c.Get(t.Context())
			require.NoError(t, err, name)
			time.Sleep(25 * time.Hour) // the one that hung comes back, and is dropped
			assert.NotZero(t, got.number)
		})
	}
}
