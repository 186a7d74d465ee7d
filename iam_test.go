package sms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// serviceWithTask is a fake service that knows taskID and the user agent of account.
func serviceWithTask(t *testing.T) (srv *smstest.Server, userID string) {
	t.Helper()
	srv = smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddTask(taskID)
	return srv, srv.AddUser("account", "agent", agentPassword)
}

func clientOf(t *testing.T, srv *smstest.Server, signer sms.Signer, opts ...sms.Option) *sms.Client {
	t.Helper()
	client, err := sms.NewClient(srv.Endpoint(), signer, append([]sms.Option{sms.WithHTTPClient(srv.HTTPClient())}, opts...)...)
	require.NoError(t, err)
	return client
}

// agentPassword is written in another way by each encoding.
const agentPassword = `hunter2"canary\/<é`

func agent() sms.PasswordConfig {
	return sms.PasswordConfig{Domain: "account", User: "agent", Password: sms.NewSecret(agentPassword)}
}

func TestPasswordToken(t *testing.T) {
	t.Parallel()
	srv, userID := serviceWithTask(t)
	byID := agent()
	byID.User, byID.UserID = "", userID
	project := agent()
	project.Project = "cn-north-4"
	for name, config := range map[string]sms.PasswordConfig{"by name": agent(), "by id": byID, "for a project": project} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...))
			_, err := client.ShowCertKey(t.Context(), taskID)
			require.NoError(t, err)
			_, err = client.ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err)
		})
	}
}

func TestOneTokenServesManyCallsAndARevokedOneIsRenewed(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	client := clientOf(t, srv, sms.PasswordToken(agent(), srv.SignerOptions()...))
	call := func() {
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
	}
	call()
	call()
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 1)
	srv.RevokeTokens()
	call()
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 2)
	assert.Len(t, srv.RequestsFor(smstest.ShowPassphrase), 4, "one was refused and sent once more")
	asked := srv.RequestsFor(smstest.CreateToken)[0]
	assert.Equal(t, "/v3/auth/tokens?nocatalog=true", asked.Target)
	assert.Equal(t, "application/json", asked.Header.Get("Content-Type"))
}

// What a 401 has to say is not waited for at the expense of its cure.
func TestA401WhoseBodyStallsIsCured(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]smstest.Option{"HTTP/1.1": {smstest.WithHTTP1()}, "HTTP/2": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smstest.NewServer(opts...)
			t.Cleanup(srv.Close)
			srv.AddTask(taskID)
			srv.AddUser("account", "agent", agentPassword)
			client := clientOf(t, srv, sms.PasswordToken(agent(), srv.SignerOptions()...))
			_, err := client.ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err)
			srv.RevokeTokens()
			srv.Fail(smstest.ShowPassphrase, smstest.Stall(5))
			_, err = client.ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err)
			assert.Len(t, srv.RequestsFor(smstest.CreateToken), 2)
		})
	}
}

func TestTheSecondFactorIsAskedAtEachRenewal(t *testing.T) {
	t.Parallel()
	srv, userID := serviceWithTask(t)
	config := agent()
	config.UserID = userID
	var asked atomic.Int64
	config.TOTP = func(context.Context) (string, error) {
		passcode := fmt.Sprintf("%06d", asked.Add(1))
		srv.RequireTOTP(userID, passcode)
		return passcode, nil
	}
	client := clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...))
	for range 2 {
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
		srv.RevokeTokens()
	}
	assert.Equal(t, int64(2), asked.Load())
	theirs := errors.New("the device is not there")
	config.TOTP = func(context.Context) (string, error) { return "", theirs }
	_, err := clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...)).ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, theirs)
	config.TOTP = func(context.Context) (string, error) { return "", nil }
	_, err = clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...)).ShowPassphrase(t.Context(), taskID)
	require.ErrorContains(t, err, "TOTP returned no code")
}

func TestAWrongPasswordIsIAMsRefusalAndIsNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	config := agent()
	config.Password = sms.NewSecret("wrong-canary")
	client := clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...))
	for range 20 {
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.ErrorIs(t, err, sms.ErrUnauthorized)
		refused, ok := errors.AsType[*sms.APIError](err)
		require.True(t, ok)
		assert.Equal(t, "CreateToken", refused.Operation)
		require.ErrorContains(t, err, "IAM")
		assert.NotContains(t, err.Error(), "canary")
	}
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 1, "an account must not be locked by a wrong password")
	assert.Empty(t, srv.RequestsFor(smstest.ShowPassphrase))
}

func TestAgencyToken(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	srv.AddAgency("customer", "migration")
	base := sms.PasswordToken(agent(), srv.SignerOptions()...)
	client := clientOf(t, srv, sms.AgencyToken(sms.AgencyConfig{Agency: "migration", Domain: "customer"}, base, srv.SignerOptions()...))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	srv.RevokeTokens() // the agency's and the user's: both are renewed
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 2, "the user's token, and it again")
	assert.Len(t, srv.RequestsFor(smstest.CreateTokenByAgency), 3, "once refused, for the user's revoked token")

	stranger := clientOf(t, srv, sms.AgencyToken(sms.AgencyConfig{Agency: "other", Domain: "customer"}, base, srv.SignerOptions()...))
	_, err = stranger.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	require.ErrorContains(t, err, "CreateTokenByAgency")
}

func TestFederatedCredentials(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	srv.AddIDToken("provider", "id-token-canary")
	config := sms.FederatedConfig{Provider: "provider", IDToken: sms.IDTokenFile(writeFile(t, "token", "id-token-canary\n"))}
	domain := config
	domain.DomainID = srv.AccessKey().DomainID
	for name, signer := range map[string]sms.Signer{
		"as a token":              sms.FederatedToken(config, srv.SignerOptions()...),
		"as a token for a domain": sms.FederatedToken(domain, srv.SignerOptions()...),
		"as an access key":        sms.AccessKeyFrom(sms.FederatedAccessKey(config, srv.SignerOptions()...), srv.SignerOptions()...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOf(t, srv, signer).ShowCertKey(t.Context(), taskID)
			require.NoError(t, err)
		})
	}
	config.Provider = "another"
	_, err := clientOf(t, srv, sms.FederatedToken(config, srv.SignerOptions()...)).ShowCertKey(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	require.ErrorContains(t, err, "ExchangeIDToken")
	assert.NotContains(t, err.Error(), "canary")
}

func TestATokenExpiresByIAMsClock(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	srv.SetClockOffset(-48 * time.Hour) // a token that ends yesterday by our clock
	client := clientOf(t, srv, sms.PasswordToken(agent(), srv.SignerOptions()...))
	for range 3 {
		_, err := client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
	}
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 1)
}

// iamAnswers returns a client whose IAM answers with respond and whose service
// takes every token but one that is empty.
func iamAnswers(t *testing.T, iam httpmock.Responder, opts ...sms.Option) *sms.Client {
	t.Helper()
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder(http.MethodPost, "=~.*", iam)
	transport.RegisterResponder(http.MethodGet, "=~.*", respond(http.StatusOK, passphraseBody))
	hc := &http.Client{Transport: transport}
	client, err := sms.NewClient(mockEndpoint, sms.PasswordToken(agent(), sms.WithIAMEndpoint("https://iam.test"), sms.WithIAMHTTPClient(hc)),
		append([]sms.Option{sms.WithHTTPClient(hc)}, opts...)...)
	require.NoError(t, err)
	return client
}

func TestWhatIAMAnswers(t *testing.T) {
	t.Parallel()
	const subject = "X-Subject-Token"
	good := respond(http.StatusCreated, `{"token":{"expires_at":"2999-01-01T00:00:00.000000Z"}}`, subject, "issued")
	for name, test := range map[string]struct {
		iam  httpmock.Responder
		want error // nil for success
		sent int   // to IAM, for two calls
	}{
		"a token":                 {good, nil, 1},
		"a token of 16 kB":        {respond(http.StatusCreated, `{"token":{"expires_at":"2999-01-01T00:00:00Z"}}`, subject, strings.Repeat("M", 16384)), nil, 1},
		"no token":                {respond(http.StatusCreated, `{"token":{"expires_at":"2999-01-01T00:00:00Z"}}`), sms.ErrInvalidResponse, 2},
		"a token with a break":    {respond(http.StatusCreated, `{}`, subject, "a\x01b"), sms.ErrInvalidResponse, 2},
		"no expiry: used once":    {respond(http.StatusCreated, `{"token":{}}`, subject, "issued"), nil, 2},
		"a past one: used once":   {respond(http.StatusCreated, `{"token":{"expires_at":"1999-01-01T00:00:00Z"}}`, subject, "issued"), nil, 2},
		"garbage for it":          {respond(http.StatusCreated, `{"token":{"expires_at":"soon"}}`, subject, "issued"), nil, 2},
		"no JSON":                 {respond(http.StatusCreated, `<html>`, subject, "issued"), nil, 2},
		"200 in place of 201":     {respond(http.StatusOK, `{"token":{}}`, subject, "issued"), sms.ErrInvalidResponse, 2},
		"a redirect":              {respond(http.StatusFound, "", "Location", "https://evil.test/"), sms.ErrRedirect, 2},
		"500 once":                {inTurn(respond(http.StatusInternalServerError, ""), good), nil, 2},
		"503 for ever":            {respond(http.StatusServiceUnavailable, ""), sms.ErrServer, 6},
		"a bad request: standing": {respond(http.StatusBadRequest, `{"error":{"code":400,"message":"The request body is invalid","title":"Bad Request"}}`), sms.ErrBadRequest, 1},
		"forbidden: standing":     {respond(http.StatusForbidden, `{"error_code":"IAM.0003","error_msg":"no"}`), sms.ErrForbidden, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int64
				client := iamAnswers(t, func(req *http.Request) (*http.Response, error) {
					sent.Add(1)
					return test.iam(req)
				})
				for range 2 {
					_, err := client.ShowPassphrase(t.Context(), taskID)
					require.ErrorIs(t, err, test.want)
				}
				assert.Equal(t, test.sent, int(sent.Load()))
			})
		})
	}
}

func TestIAMsTextsAreClearedOfWhatItWasSent(t *testing.T) {
	t.Parallel()
	echo := func(req *http.Request) (*http.Response, error) {
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(req.Body)
		text := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(body.String())
		return respond(http.StatusUnauthorized, `{"error":{"code":401,"message":"you sent `+text+`","title":"hunter2\"canary\\/<é"}}`)(req)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := iamAnswers(t, echo, sms.WithLogger(logger))
	_, err := client.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrUnauthorized)
	require.ErrorContains(t, err, "you sent")
	require.ErrorContains(t, err, "[REDACTED]")
	for e := err; e != nil; e = errors.Unwrap(e) {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), "hunter2")
	}
	assert.Contains(t, log.String(), "CreateToken", "renewals are logged")
	assert.NotContains(t, log.String(), "hunter2")
}

func TestRenewalsAreLoggedWithoutTheToken(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	srv, _ := serviceWithTask(t)
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config := agent()
	_, err := clientOf(t, srv, sms.PasswordToken(config, srv.SignerOptions()...), sms.WithLogger(logger)).ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Contains(t, log.String(), "credentials renewed")
	assert.NotContains(t, log.String(), "canary")
	assert.NotContains(t, log.String(), "MII", "tokens begin so")
}

func TestSignersThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	user, noUser, noPassword, noDomain, totp := agent(), agent(), agent(), agent(), agent()
	noUser.User, noPassword.Password, noDomain.Domain = "", sms.Secret{}, ""
	totp.TOTP = func(context.Context) (string, error) { return "", nil }
	key := sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK")}
	base := sms.StaticToken("t")
	idToken := sms.IDTokenFile("f")
	metadata := func(url string) sms.Signer {
		return sms.AccessKeyFrom(sms.ECSMetadata(sms.WithMetadataEndpoint(url)))
	}
	for says, signer := range map[string]sms.Signer{
		"Domain is empty":                      sms.PasswordToken(noDomain),
		"User is empty":                        sms.PasswordToken(noUser),
		"Password is empty":                    sms.PasswordToken(noPassword),
		"TOTP needs UserID":                    sms.PasswordToken(totp),
		"plain http, where keys":               sms.PasswordToken(user, sms.WithIAMEndpoint("http://iam.test")),
		"the endpoint is empty":                sms.PasswordToken(user, sms.WithIAMEndpoint("")),
		"WithIAMHTTPClient was given nil":      sms.PasswordToken(user, sms.WithIAMHTTPClient(nil)),
		"Timeout is negative":                  sms.PasswordToken(user, sms.WithIAMHTTPClient(&http.Client{Timeout: -1})),
		"signer option 1 is nil":               sms.StaticAccessKey(key, nil),
		"TokenFrom was given a nil source":     sms.TokenFrom(nil),
		"AccessKeyFrom was given a nil source": sms.AccessKeyFrom((*cloud)(nil)),
		"agency's name":                        sms.AgencyToken(sms.AgencyConfig{}, base),
		"the signer is nil":                    sms.AgencyToken(sms.AgencyConfig{Agency: "a", Domain: "d"}, nil),
		"AgencyToken wants a signer of tokens": sms.AgencyToken(sms.AgencyConfig{Agency: "a", Domain: "d"}, sms.StaticAccessKey(key)),
		"FederatedConfig.Provider is empty":    sms.FederatedToken(sms.FederatedConfig{IDToken: idToken}),
		"FederatedConfig.IDToken is nil":       sms.AccessKeyFrom(sms.FederatedAccessKey(sms.FederatedConfig{Provider: "p"})),
		"only a link-local or loopback":        metadata("http://metadata.example"),
		"does not begin with https":            metadata("ftp://127.0.0.1"),
		"a metadata option is nil":             sms.AccessKeyFrom(sms.ECSMetadata(nil)),
		"the file that holds the pod's token":  sms.AccessKeyFrom(sms.PodIdentity("http://127.0.0.1", "")),
		"the pod identity's endpoint is plain": sms.AccessKeyFrom(sms.PodIdentity("http://192.0.2.1/x", "f")),
		"the access key ID is empty":           sms.StaticAccessKey(sms.AccessKey{Secret: key.Secret}),
	} {
		_, err := sms.NewClient(mockEndpoint, signer)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, says)
		require.ErrorContains(t, err, says)
		req, reqErr := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sms.test/", http.NoBody)
		require.NoError(t, reqErr)
		require.ErrorIs(t, signer.Sign(req), sms.ErrInvalidArgument, says)
		assert.Empty(t, req.Header)
	}
}

func TestWithInsecureIAM(t *testing.T) {
	t.Parallel()
	_, err := sms.NewClient(mockEndpoint, sms.PasswordToken(agent(), sms.WithIAMEndpoint("http://iam.test"), sms.WithInsecureIAM()))
	require.NoError(t, err)
}
