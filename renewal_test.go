package sms_test

import (
	"context"
	"errors"
	"flag"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

var renewalRounds = flag.Int("renewalrounds", 5, "rounds of a thousand callers who renew together")

func kinds() []string { return []string{"password", "token source", "temporary keys"} }

func TestAThousandCallersRenewOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for range *renewalRounds {
				synctest.Test(t, func(t *testing.T) {
					c := &cloud{takes: time.Second}
					client := c.client(t, c.signers()[kind])
					together := func() {
						var callers sync.WaitGroup
						for range 1000 {
							callers.Go(func() {
								_, err := client.ShowPassphrase(t.Context(), taskID)
								assert.NoError(t, err)
							})
						}
						callers.Wait()
					}
					together()
					assert.Equal(t, int64(1), c.asked.Load(), "cold")
					time.Sleep(25 * time.Hour)
					together()
					assert.Equal(t, int64(2), c.asked.Load(), "expired")
					c.revoke(500 * time.Microsecond) // the refusals come over half a second
					together()
					assert.Equal(t, int64(3), c.asked.Load(), "revoked")
					assert.Equal(t, int64(1000), c.refused.Load(), "all thousand held the stale one")
				})
			}
		})
	}
}

func TestAThousandExpiriesFailNoCall(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"token source", "temporary keys"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				early, failed := false, 0
				c := &cloud{life: time.Hour, takes: time.Second}
				c.cursed = func(issued int64) bool { // half of the renewals come after one that failed
					early = !early && issued > 1
					if early {
						failed++
					}
					return early
				}
				client := c.client(t, c.signers()[kind])
				for c.issued.Load() < 1001 {
					_, err := client.ShowPassphrase(t.Context(), taskID)
					require.NoError(t, err)
					time.Sleep(20 * time.Second)
				}
				assert.Equal(t, 1000, failed)
				assert.Zero(t, c.refused.Load(), "no call was even refused")
			})
		})
	}
}

func TestAHungIAMLetsEachCallerGoAndHeals(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{}
				c.hung.Store(true)
				client := c.client(t, c.signers()[kind])
				var callers sync.WaitGroup
				for seconds := range 10 {
					callers.Go(func() {
						patience := time.Duration(seconds+1) * time.Second
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						defer cancel()
						start := time.Now()
						_, err := client.ShowPassphrase(ctx, taskID)
						if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != patience {
							t.Errorf("left after %v with %v", time.Since(start), err)
						}
					})
				}
				callers.Wait()
				synctest.Wait()
				assert.Equal(t, int64(1), c.asked.Load())
				assert.Equal(t, int64(1), c.aborted.Load(), "the last to leave has ended the renewal")
				assert.Zero(t, c.calls.Load())
				c.hung.Store(false)
				_, err := client.ShowPassphrase(t.Context(), taskID)
				require.NoError(t, err)
			})
		})
	}
}

func TestARefusalForEverIsTwoRequestsAndThenTheAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{life: -time.Hour} // all that it issues has ended for the service
				client := c.client(t, c.signers()[kind])
				_, err := client.ShowPassphrase(t.Context(), taskID)
				require.ErrorIs(t, err, sms.ErrUnauthorized)
				assert.Equal(t, int64(2), c.calls.Load())
				assert.LessOrEqual(t, c.asked.Load(), int64(2))
			})
		})
	}
}
