package sms_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// What a program hands over by mistake is an error that says so, and no panic.
func TestMistakesOfTheCallerAreErrors(t *testing.T) {
	t.Parallel()
	var nobody context.Context
	good := mockClient(t, respond(http.StatusOK, passphraseBody))
	key := sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK")})
	for name, call := range map[string]func() error{
		"ShowCertKey without a context":    func() error { _, err := good.ShowCertKey(nobody, taskID); return err },
		"ShowPassphrase without a context": func() error { _, err := good.ShowPassphrase(nobody, taskID); return err },
		"ShowCertKey of a zero client":     func() error { _, err := new(sms.Client).ShowCertKey(t.Context(), taskID); return err },
		"ShowPassphrase of a zero client":  func() error { _, err := new(sms.Client).ShowPassphrase(t.Context(), taskID); return err },
		"ShowPassphrase of no client":      func() error { _, err := (*sms.Client)(nil).ShowPassphrase(t.Context(), taskID); return err },
		"DecodeAuthorizationMessage": func() error {
			_, err := sms.DecodeAuthorizationMessage(nobody, mockEndpoint, key, "message")
			return err
		},
		"ECSMetadata": func() error { _, err := sms.ECSMetadata().AccessKey(nobody); return err },
	} {
		require.ErrorIs(t, call(), sms.ErrInvalidArgument, name)
	}
	new(sms.Client).CloseIdleConnections()
	assert.Empty(t, new(sms.Client).Endpoint())
	assert.NotEmpty(t, (&sms.MaterialError{Field: "cert"}).Error())
}

func TestTheLongestDelaysAreDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := mockClient(t, respond(http.StatusServiceUnavailable, ""),
			sms.WithRetry(sms.RetryPolicy{BaseDelay: math.MaxInt64, MaxDelay: math.MaxInt64}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := client.ShowPassphrase(ctx, taskID)
		require.ErrorIs(t, err, sms.ErrServer)
	})
}

func TestASignerServesARequestWithoutHeaders(t *testing.T) {
	t.Parallel()
	for _, signer := range []sms.Signer{sms.StaticToken("token"), sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK"), DomainID: "d"})} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sms.test/", http.NoBody)
		require.NoError(t, err)
		req.Header = nil
		require.NoError(t, signer.Sign(req))
		assert.NotEmpty(t, req.Header)
	}
}

// The address that a pod is given is asked as it is, a slash at its end included.
func TestThePodIdentitysPathIsKept(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/creds", "/creds/", "/a%2Fb/"} {
		var asked string
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.RequestURI
			_, _ = io.WriteString(w, `{"credential":{"access":"AK","secret":"SK","securitytoken":"ST"}}`)
		}))
		t.Cleanup(service.Close)
		_, err := sms.PodIdentity(service.URL+path, writeFile(t, "token", "pod-token")).AccessKey(t.Context())
		require.NoError(t, err)
		assert.Equal(t, path, asked)
	}
}

// An IPv6 address with a zone is kept, and signed as it is sent: without the zone.
func TestAnEndpointWithAZone(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		seen = req
		return respond(http.StatusOK, passphraseBody)(req)
	})
	sign := func(endpoint string) string {
		client, err := sms.NewClient(endpoint, sms.StaticToken("token"), sms.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		_, err = client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
		seen.Header = http.Header{}
		require.NoError(t, sms.SignAt(seen, sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK")}, time.Unix(0, 0)))
		return seen.Header.Get("Authorization")
	}
	assert.Equal(t, sign("https://[fe80::1]:8443"), sign("https://[fe80::1%25eth0]:8443"))
	assert.Equal(t, "fe80::1%eth0", seen.URL.Hostname())
}
