package smstest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/internal/sdkhmac"
	"example.com/huaweicloud/sms/smstest"
)

// answer is what came back, its JSON body walked by get.
type answer struct {
	status int
	header http.Header
	body   string
}

// get returns the text or the number at a path of names, "" where there is none.
func (a answer) get(t *testing.T, path ...string) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(a.body), &value), a.body)
	for _, name := range path {
		object, ok := value.(map[string]any)
		require.True(t, ok, a.body)
		value = object[name]
	}
	return value
}

func send(t *testing.T, srv *smstest.Server, req *http.Request) answer {
	t.Helper()
	resp, err := srv.HTTPClient().Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func newRequest(t *testing.T, method, url, body string, header ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

func post(t *testing.T, srv *smstest.Server, url, body string, header ...string) answer {
	t.Helper()
	return send(t, srv, newRequest(t, http.MethodPost, url, body, header...))
}

const tokensPath = "/v3/auth/tokens?nocatalog=true"

func passwordBody(user, password, more string) string {
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"` + user + `","password":"` + password +
		`","domain":{"name":"acme"}}}}` + more + `}}`
}

func TestAPasswordBuysATokenThatWorks(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	srv.SetTokenLifetime(time.Hour)
	userID := srv.AddUser("acme", "ann", "old")
	assert.Equal(t, userID, srv.AddUser("acme", "ann", "secret"))
	for name, more := range map[string]string{
		"without a scope":    "",
		"scope of a domain":  `,"scope":{"domain":{"name":"acme"}}`,
		"scope of a project": `,"scope":{"project":{"name":"cn-north-4"}}`,
	} {
		got := post(t, srv, srv.IAMEndpoint()+tokensPath, passwordBody("ann", "secret", more))
		require.Equal(t, http.StatusCreated, got.status, "%s: %s", name, got.body)
		assert.Equal(t, "ann", got.get(t, "token", "user", "name"))
		issued, err := time.Parse(time.RFC3339Nano, got.get(t, "token", "issued_at").(string))
		require.NoError(t, err)
		expires, err := time.Parse(time.RFC3339Nano, got.get(t, "token", "expires_at").(string))
		require.NoError(t, err)
		assert.Equal(t, time.Hour, expires.Sub(issued))
		client, err := srv.Client()
		require.NoError(t, err)
		_, err = client.ShowCertKey(t.Context(), "t")
		require.NoError(t, err)
		req := newRequest(t, http.MethodGet, srv.Endpoint()+"/v3/tasks/t/passphrase", "", "X-Auth-Token", got.header.Get("X-Subject-Token"))
		assert.Equal(t, http.StatusOK, send(t, srv, req).status, name)
	}
	assert.Len(t, srv.RequestsFor(smstest.CreateToken), 3)
}

func TestIAMRefusesInItsOwnShape(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddUser("acme", "ann", "secret")
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"a wrong password":  {passwordBody("ann", "wrong", ""), http.StatusUnauthorized},
		"an unknown user":   {passwordBody("bob", "secret", ""), http.StatusUnauthorized},
		"a foreign domain":  {passwordBody("ann", "secret", `,"scope":{"domain":{"name":"other"}}`), http.StatusUnauthorized},
		"an unknown method": {`{"auth":{"identity":{"methods":["magic"]}}}`, http.StatusBadRequest},
		"no JSON":           {`{"auth":`, http.StatusBadRequest},
	} {
		got := post(t, srv, srv.IAMEndpoint()+tokensPath, test.body)
		assert.Equal(t, test.status, got.status, name)
		assert.InDelta(t, test.status, got.get(t, "error", "code"), 0, name)
		assert.Equal(t, http.StatusText(test.status), got.get(t, "error", "title"), name)
		assert.Empty(t, got.header.Get("X-Subject-Token"), name)
	}
}

func TestASecondFactorIsAskedForWhereItIsRequired(t *testing.T) {
	t.Parallel()
	srv := start(t)
	id := srv.AddUser("acme", "ann", "secret")
	srv.RequireTOTP(id, "123456")
	both := func(passcode string) string {
		return `{"auth":{"identity":{"methods":["password","totp"],"password":{"user":{"id":"` + id + `","password":"secret"}},` +
			`"totp":{"user":{"id":"` + id + `","passcode":"` + passcode + `"}}}}}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"the right code": {both("123456"), http.StatusCreated},
		"a wrong code":   {both("654321"), http.StatusUnauthorized},
		"no code":        {passwordBody("ann", "secret", ""), http.StatusUnauthorized},
	} {
		assert.Equal(t, test.status, post(t, srv, srv.IAMEndpoint()+tokensPath, test.body).status, name)
	}
	srv.RequireTOTP(id, "")
	assert.Equal(t, http.StatusCreated, post(t, srv, srv.IAMEndpoint()+tokensPath, passwordBody("ann", "secret", "")).status)
}

func TestAnAgencyIsAssumedWithATokenThatIsValid(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddAgency("other", "migration")
	body := func(agency string) string {
		return `{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"agency_name":"` + agency +
			`","domain_name":"other","duration_seconds":3600}}}}`
	}
	for path, created := range map[string]string{tokensPath: "token", "/v3.0/OS-CREDENTIAL/securitytokens": "credential"} {
		got := post(t, srv, srv.IAMEndpoint()+path, body("migration"), "X-Auth-Token", srv.Token())
		assert.Equal(t, http.StatusCreated, got.status, path)
		assert.NotNil(t, got.get(t, created), path)
		assert.Equal(t, http.StatusUnauthorized, post(t, srv, srv.IAMEndpoint()+path, body("migration"), "X-Auth-Token", "MIIwrong").status, path)
		assert.Equal(t, http.StatusUnauthorized, post(t, srv, srv.IAMEndpoint()+path, body("other"), "X-Auth-Token", srv.Token()).status, path)
	}
}

// keyIn reads the credential of an answer.
func keyIn(t *testing.T, a answer, name string) sms.AccessKey {
	t.Helper()
	text := func(field string) string { return a.get(t, name, field).(string) }
	expires, err := time.Parse(time.RFC3339Nano, text("expires_at"))
	require.NoError(t, err)
	return sms.AccessKey{
		ID: text("access"), Secret: sms.NewSecret(text("secret")),
		SecurityToken: sms.NewSecret(text("securitytoken")), ExpiresAt: expires,
	}
}

func TestTemporaryKeysWorkUntilTheyExpireOrAreRevoked(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	body := `{"auth":{"identity":{"methods":["token"],"token":{"id":"` + srv.Token() + `","duration_seconds":1800}}}}`
	byToken := keyIn(t, post(t, srv, srv.IAMEndpoint()+"/v3.0/OS-CREDENTIAL/securitytokens", body), "credential")
	assert.WithinDuration(t, time.Now().Add(30*time.Minute), byToken.ExpiresAt, 10*time.Second)
	for _, seconds := range []string{"899", "86401"} {
		got := post(t, srv, srv.IAMEndpoint()+"/v3.0/OS-CREDENTIAL/securitytokens", strings.Replace(body, "1800", seconds, 1))
		assert.Equal(t, http.StatusBadRequest, got.status, seconds)
	}
	stripped := byToken
	stripped.SecurityToken = sms.Secret{}
	call := func(key sms.AccessKey) error {
		_, err := signed(t, srv, key).ShowPassphrase(t.Context(), "t")
		return err
	}
	require.NoError(t, call(byToken))
	require.ErrorIs(t, call(stripped), sms.ErrUnauthorized)
	srv.SetKeyLifetime(-time.Second)
	require.ErrorIs(t, call(srv.NewTemporaryKey()), sms.ErrUnauthorized)
	srv.RevokeKeys()
	require.ErrorIs(t, call(byToken), sms.ErrUnauthorized)
	require.NoError(t, call(srv.AccessKey()))
}

func TestDomainsAreListedToWhoSigns(t *testing.T) {
	t.Parallel()
	srv := start(t)
	list := func() []any {
		req := newRequest(t, http.MethodGet, srv.IAMEndpoint()+"/v3/auth/domains", "")
		require.NoError(t, sms.StaticAccessKey(srv.AccessKey()).Sign(req))
		got := send(t, srv, req)
		require.Equal(t, http.StatusOK, got.status)
		return got.get(t, "domains").([]any)
	}
	one := list()
	require.Len(t, one, 1)
	assert.Equal(t, srv.AccessKey().DomainID, one[0].(map[string]any)["id"])
	srv.SetDomains(smstest.Domain{ID: "1", Name: "one"}, smstest.Domain{ID: "2", Name: "two"})
	assert.Len(t, list(), 2)
	srv.SetDomains()
	assert.Empty(t, list())
	req := newRequest(t, http.MethodGet, srv.IAMEndpoint()+"/v3/auth/domains", "")
	assert.Equal(t, http.StatusUnauthorized, send(t, srv, req).status)
}

func TestAnIDTokenIsExchanged(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	srv.AddIDToken("provider", "token")
	url, body := srv.IAMEndpoint()+"/v3.0/OS-AUTH/id-token/tokens", `{"auth":{"id_token":{"id":"token"}}}`
	got := post(t, srv, url, body, "X-Idp-Id", "provider")
	require.Equal(t, http.StatusCreated, got.status)
	client, err := sms.NewClient(srv.Endpoint(), sms.StaticToken(got.header.Get("X-Subject-Token")), sms.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)
	_, err = client.ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, post(t, srv, url, body, "X-Idp-Id", "another").status)
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	tokenFor := func(seconds string) answer {
		return send(t, srv, newRequest(t, http.MethodPut, srv.MetadataEndpoint()+"/meta-data/latest/api/token", "",
			"X-Metadata-Token-Ttl-Seconds", seconds))
	}
	keys := func(token string) answer {
		return send(t, srv, newRequest(t, http.MethodGet, srv.MetadataEndpoint()+"/openstack/latest/securitykey", "", "X-Metadata-Token", token))
	}
	token := tokenFor("21600").body
	_, err := signed(t, srv, keyIn(t, keys(token), "credential")).ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, keys("").status, "version 2 wants a token")
	assert.Equal(t, http.StatusBadRequest, tokenFor("0").status)
	srv.SetClockOffset(7 * time.Hour)
	assert.Equal(t, http.StatusUnauthorized, keys(token).status, "the token has expired")

	srv.SetMetadataMode(smstest.MetadataNoAgency)
	got := keys(tokenFor("60").body)
	assert.Equal(t, http.StatusUnauthorized, got.status)
	assert.Contains(t, got.body, "Please configure Cloud Service Agency first")

	srv.SetMetadataMode(smstest.MetadataV1)
	assert.Equal(t, http.StatusNotFound, tokenFor("60").status)
	assert.Equal(t, http.StatusOK, keys("").status)
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	old := srv.PodToken()
	got := post(t, srv, srv.PodIdentityEndpoint(), "{}", "Authorization", old)
	_, err := signed(t, srv, keyIn(t, got, "credentials")).ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	rotated := srv.RotatePodToken()
	assert.Equal(t, http.StatusUnauthorized, post(t, srv, srv.PodIdentityEndpoint(), "{}", "Authorization", old).status)
	assert.Equal(t, http.StatusOK, post(t, srv, srv.PodIdentityEndpoint(), "{}", "Authorization", rotated).status)
	for _, r := range srv.RequestsFor(smstest.ShowPodIdentity) {
		assert.Equal(t, smstest.AuthOther, r.Auth)
		assert.Equal(t, "[REDACTED]", r.Header.Get("Authorization"))
	}
}

func TestSTSDecodesWhatARefusalEncodes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	srv.Deny(smstest.ActionGetCert)
	client, err := srv.Client()
	require.NoError(t, err)
	_, err = client.ShowCertKey(t.Context(), "t")
	refused, ok := errors.AsType[*sms.APIError](err)
	require.True(t, ok)

	decode := func(message string) answer {
		req := newRequest(t, http.MethodPost, srv.STSEndpoint()+"/v5/decode-authorization-message", `{"encoded_message":"`+message+`"}`)
		key, date := srv.AccessKey(), time.Now().UTC().Format(sdkhmac.DateFormat)
		req.Header.Set(sdkhmac.DateHeader, date)
		req.Header.Set("Authorization", sdkhmac.Request{
			Method: req.Method, Path: req.URL.Path, Headers: []sdkhmac.Header{{Name: "x-sdk-date", Value: date}},
			BodyHash: sdkhmac.HashBody([]byte(`{"encoded_message":"` + message + `"}`)),
		}.Authorization(key.ID, key.Secret.Reveal(), date))
		return send(t, srv, req)
	}
	got := decode(refused.EncodedAuthorizationMessage)
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Contains(t, got.get(t, "decoded_message"), smstest.ActionGetCert)
	assert.Equal(t, http.StatusBadRequest, decode("unknown").status)
	assert.Equal(t, http.StatusBadRequest, decode(strings.Repeat("A", 10241)).status)
	srv.Deny(smstest.ActionDecode)
	assert.Equal(t, http.StatusForbidden, decode(refused.EncodedAuthorizationMessage).status)
	unsigned := newRequest(t, http.MethodPost, srv.STSEndpoint()+"/v5/decode-authorization-message", "{}", "X-Auth-Token", srv.Token())
	assert.Equal(t, http.StatusUnauthorized, send(t, srv, unsigned).status)
}
