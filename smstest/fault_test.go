package smstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// The 2nd call is throttled, and the client tries again by itself.
func ExampleServer_Fail() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.Fail(smstest.ShowPassphrase,
		smstest.Pass(),
		smstest.Status(429, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}`),
	)
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		_, err := client.ShowPassphrase(context.Background(), "task-1")
		fmt.Println(err)
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Operation, r.StatusCode)
	}
	// Output:
	// <nil>
	// <nil>
	// ShowPassphrase 200
	// ShowPassphrase 429
	// ShowPassphrase 200
}

// A client against a service of which nothing works.
func ExampleOperations() {
	srv := smstest.NewServer()
	defer srv.Close()
	for _, operation := range smstest.Operations() {
		srv.FailAlways(operation, smstest.Status(503, ""))
	}
	for _, action := range smstest.Actions() {
		srv.Deny(action) // not seen before the faults are gone
	}
	fmt.Println(call(srv))
	srv.Heal()
	fmt.Println(call(srv))
	// Output:
	// refused with 503
	// refused with 403
}

// A connection that is reset before anything is sent on it.
func ExampleServer_FailConnections() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.FailConnections(smstest.SMS, smstest.ConnReset)
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(err)
	// Output: <nil>
}

// A certificate that has expired: nothing is sent.
func ExampleServer_BreakTLS() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.BreakTLS(smstest.TLSExpired)
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(err != nil, len(srv.Requests()))
	// Output: true 0
}

func TestAScriptIsFollowedAndHealed(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	call := func() error {
		_, err := client.ShowPassphrase(t.Context(), "t")
		return err
	}
	srv.Fail(smstest.ShowPassphrase, smstest.Status(500, ""), smstest.Pass(), smstest.Redirect(302, ""))
	require.ErrorIs(t, call(), sms.ErrServer)
	require.NoError(t, call())
	require.ErrorIs(t, call(), sms.ErrRedirect)
	require.NoError(t, call())
	srv.FailAlways("", smstest.Status(503, ""))
	require.ErrorIs(t, call(), sms.ErrServer)
	srv.FailAlways(smstest.ShowPassphrase, smstest.Pass())
	require.NoError(t, call(), "what is said of the operation comes before what is said of any")
	srv.Heal()
	srv.BreakTLS(smstest.TLSUnknownCA)
	srv.CloseConnections()
	require.Error(t, call())
	srv.Heal()
	require.NoError(t, call())
}

func TestTheSameSeedFailsTheSameRequests(t *testing.T) {
	t.Parallel()
	outcomes := func() (list []bool) {
		srv := start(t)
		srv.AddTask("t")
		srv.FailAtRandom("", 42, 0.5, smstest.Status(500, ""), smstest.Status(501, ""))
		client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
		require.NoError(t, err)
		for range 50 {
			_, err := client.ShowPassphrase(t.Context(), "t")
			list = append(list, err == nil)
		}
		return list
	}
	first := outcomes()
	assert.Equal(t, first, outcomes())
	assert.Contains(t, first, true)
	assert.Contains(t, first, false)
}

func TestFaultsStrikeIAMAndMetadataToo(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	srv.AddUser("account", "agent", "password")
	srv.Fail(smstest.CreateToken, smstest.Status(503, ""))
	client, err := sms.NewClient(srv.Endpoint(), sms.PasswordToken(sms.PasswordConfig{
		Domain: "account", User: "agent", Password: sms.NewSecret("password"),
	}, srv.SignerOptions()...), sms.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)
	_, err = client.ShowPassphrase(t.Context(), "t")
	require.NoError(t, err)
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 2)
	srv.Fail(smstest.ShowSecurityKey, smstest.Delay(time.Millisecond), smstest.Abort(3))
	source := sms.ECSMetadata(sms.WithMetadataEndpoint(srv.MetadataEndpoint()))
	for range 2 {
		_, err = source.AccessKey(t.Context())
		require.NoError(t, err)
	}
	assert.Len(t, srv.RequestsFor(smstest.ShowSecurityKey), 3)
}

func TestFaultsOfTheWireWantHTTP1(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	srv.Fail("", smstest.Wire(func(s string) string { return s }))
	client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	_, err = client.ShowPassphrase(t.Context(), "t")
	refused, ok := errors.AsType[*sms.APIError](err)
	require.True(t, ok)
	assert.Equal(t, http.StatusInternalServerError, refused.StatusCode)
}
