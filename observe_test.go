package sms_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestTheLogTellsOfAttemptsAndRetriesAndNothingSecret(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	synctest.Test(t, func(t *testing.T) {
		client := mockClient(t, inTurn(
			respond(http.StatusServiceUnavailable, `{"error_msg":"busy `+canaryToken+`"}`, "X-Request-Id", "first"),
			respond(http.StatusOK, passphraseBody, "X-Request-Id", "second"),
		), sms.WithLogger(logger))
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	assert.Contains(t, lines[0], `"operation":"ShowPassphrase","attempt":1`)
	assert.Contains(t, lines[0], `"status":503,"request_id":"first"`)
	assert.Contains(t, lines[1], `"wait":`)
	assert.Contains(t, lines[1], `"reason":"503 Service Unavailable"`)
	assert.Contains(t, lines[2], `"status":200,"request_id":"second"`)
	assert.NotContains(t, log.String(), canaryToken)
	assert.NotContains(t, log.String(), "hunter2")
}

func TestAnObserverIsToldOfEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var seen []sms.Attempt
		start := time.Now()
		client := mockClient(t, inTurn(
			respond(http.StatusServiceUnavailable, "", "X-Request-Id", "first", "Retry-After", "2"),
			fail(io.EOF),
			respond(http.StatusOK, passphraseBody, "X-Request-Id", "third"),
		), sms.WithObserver(func(ctx context.Context, a sms.Attempt) {
			assert.Equal(t, "of the call", ctx.Value(key{}))
			seen = append(seen, a)
		}))
		_, err := client.ShowPassphrase(context.WithValue(t.Context(), key{}, "of the call"), taskID)
		require.NoError(t, err)
		require.Len(t, seen, 3)
		require.ErrorIs(t, seen[0].Err, sms.ErrServer)
		require.ErrorIs(t, seen[1].Err, io.EOF)
		assert.Equal(t, sms.Attempt{
			Operation: "ShowPassphrase", Number: 1, Start: start, StatusCode: 503, RequestID: "first",
			Err: seen[0].Err, Retry: true, Wait: 2 * time.Second,
		}, seen[0])
		assert.True(t, seen[1].Retry)
		assert.Zero(t, seen[1].StatusCode)
		assert.Equal(t, sms.Attempt{Operation: "ShowPassphrase", Number: 3, Start: seen[2].Start, StatusCode: 200, RequestID: "third"}, seen[2])
	})
}

// seenBy makes an observer that keeps what it is told.
func seenBy(seen *[]sms.Attempt) sms.Option {
	var mu sync.Mutex
	return sms.WithObserver(func(_ context.Context, a sms.Attempt) {
		mu.Lock()
		defer mu.Unlock()
		*seen = append(*seen, a)
	})
}

func TestAnObserverIsToldOfTheCallsThatASignerMakes(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	var seen []sms.Attempt
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := clientOf(t, srv, sms.PasswordToken(agent(), srv.SignerOptions()...), seenBy(&seen), sms.WithLogger(logger))
	srv.Fail(smstest.CreateToken, smstest.Status(503, ""))
	for range 2 {
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
		srv.RevokeTokens()
	}
	type told struct {
		operation      string
		number, status int
		replayed       bool
	}
	var got []told
	for _, a := range seen {
		got = append(got, told{a.Operation, a.Number, a.StatusCode, a.Replayed})
	}
	assert.Equal(t, []told{
		{"CreateToken", 1, 503, false},
		{"CreateToken", 2, 201, false},
		{"ShowPassphrase", 1, 200, false},
		{"CreateToken", 1, 201, false},
		{"ShowPassphrase", 1, 200, true},
	}, got)
	assert.Equal(t, 1, strings.Count(log.String(), "replayed=true"))
}

func TestWhatAnObserverIsToldNamesTheOperation(t *testing.T) {
	t.Parallel()
	var seen []sms.Attempt
	client := mockClient(t, fail(io.EOF), seenBy(&seen), sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	require.Error(t, err)
	require.Len(t, seen, 1)
	assert.Equal(t, err.Error(), seen[0].Err.Error())
	assert.Contains(t, err.Error(), "sms: ShowPassphrase: ")
}

// nosy is a signer that dumps the context that it gets.
type nosy struct {
	sms.Signer

	dump *string
}

func (n nosy) Sign(req *http.Request) error {
	err := n.Signer.Sign(req)
	*n.dump = walk(reflect.ValueOf(req.Context()), 0)
	return err
}

func TestAContextShowsNoCredentials(t *testing.T) {
	t.Parallel()
	var dump string
	client, err := sms.NewClient(mockEndpoint, nosy{sms.StaticToken(canaryToken), &dump},
		sms.WithHTTPClient(&http.Client{Transport: inMemory([]byte(passphraseBody))}))
	require.NoError(t, err)
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.NotEmpty(t, dump)
	assert.NotContains(t, dump, canaryToken)
}
