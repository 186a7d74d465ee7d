package sms_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// stalled answers with a status and the beginning of a body that goes no further.
func stalled(status int, sent *atomic.Int64) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		sent.Add(1)
		rest := readerFunc(func([]byte) (int, error) {
			<-req.Context().Done()
			return 0, req.Context().Err()
		})
		body := io.MultiReader(strings.NewReader(`{"error_code":"SMS.1","error_msg":"because`), rest)
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1, Request: req}, nil
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A refusal whose body does not come is a refusal all the same: it is class and
// status that decide what to do.
func TestARefusalIsKnownBeforeItsBodyHasCome(t *testing.T) {
	t.Parallel()
	for status, requests := range map[int]int64{302: 1, 400: 1, 401: 1, 403: 1, 404: 1, 503: 3} {
		for name, signer := range map[string]sms.Signer{"token": sms.StaticToken("token"), "curable": &curable{retry: true}} {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int64
				client, err := sms.NewClient(mockEndpoint, signer, sms.WithHTTPClient(&http.Client{Transport: stalled(status, &sent)}))
				require.NoError(t, err)
				_, err = client.ShowPassphrase(t.Context(), taskID)
				var refused *sms.APIError
				require.ErrorAs(t, err, &refused, "%d %s", status, name)
				assert.Equal(t, status, refused.StatusCode)
				assert.Equal(t, "SMS.1", refused.Code, "what came is kept")
				require.NotErrorIs(t, err, sms.ErrAttemptTimeout)
				assert.Equal(t, requests, sent.Load(), "%d %s", status, name)
			})
		}
	}
}

func TestACallerWhoLeavesARefusalGetsTheirOwnError(t *testing.T) {
	t.Parallel()
	for name, signer := range map[string]sms.Signer{"token": sms.StaticToken("token"), "curable": &curable{retry: true}} {
		synctest.Test(t, func(t *testing.T) {
			var sent atomic.Int64
			client, err := sms.NewClient(mockEndpoint, signer, sms.WithHTTPClient(&http.Client{Transport: stalled(401, &sent)}))
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = client.ShowPassphrase(ctx, taskID)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, int64(1), sent.Load())
		})
	}
}

// Transports of the user's own, and mocks, are not always careful.
func TestATransportThatAnswersHalfIsNoPanic(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		transport roundTripper
		want      error
	}{
		"nothing at all":  {func(*http.Request) (*http.Response, error) { return nil, nil }, nil}, //nolint:nilnil // that is what is tried
		"401, no body":    {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 401}, nil }, sms.ErrUnauthorized},
		"302, no headers": {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 302}, nil }, sms.ErrRedirect},
		"200, no body":    {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, sms.ErrInvalidResponse},
	} {
		client, err := sms.NewClient(mockEndpoint, &curable{retry: true}, sms.WithHTTPClient(&http.Client{Transport: c.transport}), sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
		require.NoError(t, err)
		_, err = client.ShowCertKey(t.Context(), taskID)
		require.Error(t, err, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
		require.NotErrorIs(t, err, sms.ErrAttemptTimeout, name)
	}
}
