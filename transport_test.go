package sms_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// curable is a signer of a user's own: its first key is refused, its second is not.
type curable struct {
	key     atomic.Int64
	signed  atomic.Int64
	refused *http.Response
	body    string
	retry   bool
	err     error
}

func (c *curable) Sign(req *http.Request) error {
	c.signed.Add(1)
	req.Header.Set("Authorization", fmt.Sprintf("Bearer customCredential%d", c.key.Load()))
	return nil
}

func (c *curable) Refresh(refused *http.Response) (bool, error) {
	c.refused = refused
	body, _ := io.ReadAll(refused.Body)
	c.body = string(body)
	c.key.Add(1)
	return c.retry, c.err
}

// wantsKey answers 401 unless the request carries the key.
func wantsKey(key int, sent *atomic.Int64) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		sent.Add(1)
		if req.Header.Get("Authorization") != fmt.Sprintf("Bearer customCredential%d", key) {
			return respond(http.StatusUnauthorized, `{"error_code":"APIGW.0307","error_msg":"refused `+req.Header.Get("Authorization")+`"}`)(req)
		}
		return respond(http.StatusOK, passphraseBody)(req)
	}
}

func customClient(t *testing.T, signer sms.Signer, r httpmock.Responder) *sms.Client {
	t.Helper()
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(r)
	client, err := sms.NewClient(mockEndpoint, signer, sms.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	return client
}

func TestASignerThatCanCureARefusalGetsOneReplay(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	signer := &curable{retry: true}
	client := customClient(t, signer, wantsKey(1, &sent))
	got, err := client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, "hunter2", got.Passphrase.Reveal())
	assert.Equal(t, int64(2), sent.Load())
	assert.Equal(t, "Bearer customCredential0", signer.refused.Request.Header.Get("Authorization"), "it sees what was refused")
	assert.Contains(t, signer.body, "APIGW.0307", "and why")
}

func TestA401ThatStaysIsTheAnswerAfterOneReplay(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	client := customClient(t, &curable{retry: true}, wantsKey(99, &sent))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	assert.Equal(t, int64(2), sent.Load())
	assert.NotContains(t, err.Error(), "customCredential", "a custom signer's credentials are blotted out as well")
}

func TestASignerThatCannotCureLeavesThe401Whole(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	client := customClient(t, &curable{retry: false}, wantsKey(99, &sent))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	var refused *sms.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "APIGW.0307", refused.Code, "the signer has read the body, and so has the caller")
	assert.Equal(t, int64(1), sent.Load())
}

var errSigner = errors.New("the vault is sealed")

func TestAFailureOfTheSignerEndsTheCallAndIsNotRetried(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	client := customClient(t, &curable{err: errSigner}, wantsKey(99, &sent))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, errSigner)
	assert.Equal(t, int64(1), sent.Load())
	assert.Equal(t, "sms: ShowPassphrase: authenticate: the vault is sealed", err.Error())

	client = customClient(t, sealed{}, wantsKey(99, &sent))
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, errSigner)
	assert.Equal(t, int64(1), sent.Load(), "nothing was sent")
}

type sealed struct{}

func (sealed) Sign(*http.Request) error { return errSigner }

func TestASignerOfTheUsersOwnIsValidated(t *testing.T) {
	t.Parallel()
	for _, signer := range []sms.Signer{invalid{}, sms.TokenFrom(invalid{}), sms.AccessKeyFrom(invalid{})} {
		_, err := sms.NewClient(mockEndpoint, signer)
		require.ErrorIs(t, err, errSigner)
		require.ErrorIs(t, err, sms.ErrInvalidArgument)
	}
}

type invalid struct{ sealed }

func (invalid) Validate() error { return errSigner }

func (invalid) Token(context.Context) (sms.Token, error) { return sms.Token{}, errSigner }

func (invalid) AccessKey(context.Context) (sms.AccessKey, error) { return sms.AccessKey{}, errSigner }

func TestATransportErrorThatQuotesTheCredentialIsCleared(t *testing.T) {
	t.Parallel()
	client := mockClient(t, fail(fmt.Errorf("proxy refused headers: X-Auth-Token: %s", canaryToken)))
	_, err := client.ShowCertKey(t.Context(), taskID)
	for ; err != nil; err = errors.Unwrap(err) {
		assert.NotContains(t, err.Error(), canaryToken)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), canaryToken)
	}
}

func TestARedirectIsAnErrorWhateverItsLocation(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "/v3/elsewhere", "https://evil.test/", "http://sms.test/", "::not a URL::" + canary, "https://sms.test:99999/"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			var sent atomic.Int64
			answer := respond(status, "", "Location", location)
			client := mockClient(t, func(req *http.Request) (*http.Response, error) { sent.Add(1); return answer(req) })
			_, err := client.ShowCertKey(t.Context(), taskID)
			require.ErrorIs(t, err, sms.ErrRedirect)
			var refused *sms.APIError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, status, refused.StatusCode)
			assert.Equal(t, int64(1), sent.Load())
			assert.NotContains(t, err.Error(), canary)
		}
	}
}

func TestAPanicOfTheUsersTransportLeavesTheClientUsable(t *testing.T) {
	t.Parallel()
	answer := inTurn(
		func(*http.Request) (*http.Response, error) { panic("theirs") },
		respond(http.StatusOK, passphraseBody),
	)
	client, err := sms.NewClient(mockEndpoint, sms.StaticToken("token"), sms.WithHTTPClient(&http.Client{Transport: roundTripper(answer)}))
	require.NoError(t, err)
	assert.PanicsWithValue(t, "theirs", func() { _, _ = client.ShowPassphrase(t.Context(), taskID) })
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
}

// roundTripper is a transport that is one function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestTheUnsignedRequestIsAllThatIsLeftInAnError(t *testing.T) {
	t.Parallel()
	_, err := mockClient(t, respond(http.StatusTeapot, strings.Repeat(canaryToken+" ", 10))).ShowCertKey(t.Context(), taskID)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), canaryToken)
}
