package sms_test

import (
	"crypto/tls"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

func TestNewClientKeepsAGoodEndpoint(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://sms.ap-southeast-3.myhuaweicloud.com":  "https://sms.ap-southeast-3.myhuaweicloud.com",
		"https://sms.ap-southeast-3.myhuaweicloud.com/": "https://sms.ap-southeast-3.myhuaweicloud.com",
		"https://host:8443/proxy/sms//":                 "https://host:8443/proxy/sms",
		"https://host/a%2Fb":                            "https://host/a%2Fb",
		"https://[::1]:8443":                            "https://[::1]:8443",
		"HTTPS://host":                                  "https://host",
	} {
		client, err := sms.NewClient(given, sms.StaticToken("token"))
		require.NoError(t, err, given)
		assert.Equal(t, want, client.Endpoint())
	}
}

func TestNewClientRefusesABadEndpoint(t *testing.T) {
	t.Parallel()
	const password = "s3cretPassword"
	for name, endpoint := range map[string]string{
		"empty":                    "",
		"plain http":               "http://sms.test",
		"no scheme":                "sms.test",
		"another scheme":           "ftp://sms.test",
		"user info":                "https://user:" + password + "@sms.test",
		"empty user info":          "https://@sms.test",
		"query":                    "https://sms.test/?token=" + password,
		"empty query":              "https://sms.test?",
		"fragment":                 "https://sms.test/#" + password,
		"empty fragment":           "https://sms.test/#",
		"no host":                  "https:///v3",
		"port without host":        "https://:443",
		"opaque":                   "https:sms.test",
		"port that is no number":   "https://sms.test:https",
		"port 0":                   "https://sms.test:0",
		"port too large":           "https://sms.test:65536",
		"no port after the colon":  "https://sms.test:",
		"line break":               "https://sms.test\r\nX-Evil: 1",
		"blank in front":           " https://sms.test",
		"non-ASCII host":           "https://smś.test",
		"dotted path":              "https://sms.test/a/../b",
		"empty segment":            "https://sms.test/a//b",
		"unparsable":               "https://sms.test/%zz" + password,
		"control character inside": "https://sms.test/\x00" + password,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := sms.NewClient(endpoint, sms.StaticToken("token"))
			require.ErrorIs(t, err, sms.ErrInvalidArgument)
			assert.Nil(t, client)
			assert.NotContains(t, err.Error(), password)
			assert.Contains(t, err.Error(), "endpoint")
		})
	}
}

func TestNewClientAcceptsPlainHTTPOnlyWhenToldTo(t *testing.T) {
	t.Parallel()
	_, err := sms.NewClient("http://127.0.0.1:8080", sms.StaticToken("token"))
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "WithInsecureHTTP")
	_, err = sms.NewClient("http://127.0.0.1:8080", sms.StaticToken("token"), sms.WithInsecureHTTP())
	require.NoError(t, err)
}

type nilableSigner struct{}

func (*nilableSigner) Sign(*http.Request) error { return nil }

func TestNewClientRefusesABadSigner(t *testing.T) {
	t.Parallel()
	secret := sms.NewSecret("secretKeyCanary")
	for name, signer := range map[string]sms.Signer{
		"nil":                       nil,
		"nil pointer":               (*nilableSigner)(nil),
		"empty token":               sms.StaticToken(""),
		"token with line break":     sms.StaticToken("secretKeyCanary\r\nX-Evil: 1"),
		"token with final newline":  sms.StaticToken("secretKeyCanary\n"),
		"token with blank at end":   sms.StaticToken("secretKeyCanary "),
		"non-ASCII token":           sms.StaticToken("secretKeyCanaré"),
		"key without id":            sms.StaticAccessKey(sms.AccessKey{Secret: secret, DomainID: "d"}),
		"key without secret":        sms.StaticAccessKey(sms.AccessKey{ID: "AK", DomainID: "d"}),
		"key id with line break":    sms.StaticAccessKey(sms.AccessKey{ID: "A\nK", Secret: secret, DomainID: "d"}),
		"secret with control":       sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("secretKeyCanary\x00"), DomainID: "d"}),
		"domain id with line break": sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: secret, DomainID: "d\n"}),
		"security token with tab":   sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: secret, SecurityToken: sms.NewSecret("secretKeyCanary\t"), DomainID: "d"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := sms.NewClient(mockEndpoint, signer)
			require.ErrorIs(t, err, sms.ErrInvalidArgument)
			assert.Nil(t, client)
			assert.NotContains(t, err.Error(), "secretKeyCanar")
		})
	}
}

func TestNewClientRefusesABadOption(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]sms.Option{
		"nil option":               nil,
		"nil http.Client":          sms.WithHTTPClient(nil),
		"negative client time-out": sms.WithHTTPClient(&http.Client{Timeout: -1}),
		"nil transport":            sms.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)}),
		"zero time-out":            sms.WithTimeout(0),
		"negative attempts":        sms.WithRetry(sms.RetryPolicy{MaxAttempts: -1}),
		"negative delay":           sms.WithRetry(sms.RetryPolicy{BaseDelay: -1}),
		"nil logger":               sms.WithLogger(nil),
		"nil observer":             sms.WithObserver(nil),
		"empty user agent":         sms.WithUserAgent(""),
		"user agent with CR LF":    sms.WithUserAgent("a\r\nX-Evil: 1"),
		"long user agent":          sms.WithUserAgent(strings.Repeat("a", 256)),
		"zero response size":       sms.WithMaxResponseSize(0),
		"huge response size":       sms.WithMaxResponseSize(1 << 40),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sms.NewClient(mockEndpoint, sms.StaticToken("token"), opt)
			require.ErrorIs(t, err, sms.ErrInvalidArgument)
		})
	}
}

func TestTheUsersHTTPClientIsCopiedAndNotChanged(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := httpmock.NewMockTransport()
	var cookies []string
	transport.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		cookies = append(cookies, req.Header.Get("Cookie"))
		return respond(http.StatusOK, passphraseBody, "Set-Cookie", "session=1; Path=/")(req)
	})
	mine := &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { panic("asked about a redirect") }}
	before := *mine
	client, err := sms.NewClient(mockEndpoint, sms.StaticToken(canaryToken), sms.WithHTTPClient(mine))
	require.NoError(t, err)
	for range 2 {
		_, err = client.ShowPassphrase(t.Context(), taskID)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"", ""}, cookies, "the jar is dropped")
	assert.Same(t, before.Transport, mine.Transport)
	assert.Equal(t, before.Timeout, mine.Timeout)
	assert.NotNil(t, mine.CheckRedirect)
}

func TestARequestCarriesWhatTheGatewayWants(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := mockClient(t, func(req *http.Request) (*http.Response, error) {
		got = req
		return respond(http.StatusOK, certKeyBody)(req)
	}, sms.WithUserAgent("backup-agent/2.1"))

	_, err := client.ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, http.MethodGet, got.Method)
	assert.Equal(t, mockEndpoint+"/v3/tasks/"+taskID+"/certkey?enable_ca_cert=true", got.URL.String())
	assert.Nil(t, got.Body)
	userAgent := got.Header.Get("User-Agent")
	assert.True(t, strings.HasPrefix(userAgent, "backup-agent/2.1 huaweicloud-sms-go/"+sms.Version), userAgent)
	got.Header.Del("User-Agent")
	assert.Equal(t, http.Header{
		"Accept":          {"application/json"},
		"Accept-Encoding": {"identity"},
		"Content-Type":    {"application/json"},
		"X-Auth-Token":    {canaryToken},
	}, got.Header)

	_, err = client.ShowCertKey(t.Context(), taskID, sms.EnableCACert(false))
	require.NoError(t, err)
	assert.Equal(t, "enable_ca_cert=false", got.URL.RawQuery)

	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrInvalidResponse, "the body is the other call's")
	assert.Equal(t, mockEndpoint+"/v3/tasks/"+taskID+"/passphrase", got.URL.String())
}

func TestATaskIDThatCannotBeOneIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	client := mockClient(t, func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, http.ErrServerClosed
	})
	for name, id := range map[string]string{
		"empty": "", "dot": ".", "dots": "..", "slash": "a/b", "backslash": `a\b`, "climb": "../../v3/other",
		"256 bytes": strings.Repeat("a", 256), "line break": "a\r\nHost: evil", "null": "a\x00", "blank": "a b",
		"query": "a?x=1", "fragment": "a#b", "percent": "a%2fb", "non-ASCII": "ä", "colon": "a:b", "semicolon": "a;b",
	} {
		_, err := client.ShowCertKey(t.Context(), id)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, name)
		_, err = client.ShowPassphrase(t.Context(), id)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, name)
		assert.Contains(t, err.Error(), "ShowPassphrase")
	}
	_, err := client.ShowCertKey(nil, taskID) //nolint:staticcheck // a nil context is what is tested
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	_, err = client.ShowPassphrase(nil, taskID) //nolint:staticcheck // a nil context is what is tested
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	_, err = client.ShowCertKey(t.Context(), taskID, nil)
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
}

func TestEveryTaskIDThatCanBeOneIsSent(t *testing.T) {
	t.Parallel()
	var path string
	client := mockClient(t, func(req *http.Request) (*http.Response, error) {
		path = req.URL.EscapedPath()
		return respond(http.StatusOK, `{"passphrase":""}`)(req)
	})
	for _, id := range []string{"a", "...", ".a", "~", "A-z_0.9~", strings.Repeat("x", 255), taskID} {
		got, err := client.ShowPassphrase(t.Context(), id)
		require.NoError(t, err)
		assert.True(t, got.Passphrase.IsZero())
		assert.Equal(t, "/base/v3/tasks/"+id+"/passphrase", path)
	}
}

func TestEndpointOfARegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"cn-north-4":       "https://sms.cn-north-4.myhuaweicloud.com",
		"ap-southeast-3":   "https://sms.ap-southeast-3.myhuaweicloud.com",
		"my-kualalumpur-1": "https://sms.my-kualalumpur-1.myhuaweicloud.com",
		"ru-moscow-1":      "https://sms-api.ru-moscow-1.myhuaweicloud.com",
	} {
		got, err := sms.Endpoint(region)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Contains(t, sms.Regions(), region)
	}
	assert.Len(t, sms.Regions(), 4)
	for _, region := range []string{"", "eu-west-101", "cn-north-4.evil.test/"} {
		_, err := sms.Endpoint(region)
		require.ErrorIs(t, err, sms.ErrInvalidArgument)
		for _, known := range sms.Regions() {
			assert.Contains(t, err.Error(), known)
		}
	}
	regions := sms.Regions()
	regions[0] = "changed"
	assert.NotContains(t, sms.Regions(), "changed", "every caller has a slice of their own")
}

func TestTheDefaultTransportIsOursWhateverTheProcessDefaultIs(t *testing.T) { //nolint:paralleltest // it replaces http.DefaultTransport for a moment
	original := http.DefaultTransport
	http.DefaultTransport = httpmock.NewMockTransport()
	defer func() { http.DefaultTransport = original }()
	client, err := sms.NewClient("https://127.0.0.1:1", sms.StaticToken("token"), once())
	require.NoError(t, err)
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.ErrorContains(t, err, "refused", "the network was asked, not the mock")
	client.CloseIdleConnections()
}

func TestCloseIdleConnectionsLeavesTheUsersTransportAlone(t *testing.T) {
	t.Parallel()
	transport := &countingTransport{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	client, err := sms.NewClient(mockEndpoint, sms.StaticToken("token"), sms.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	client.CloseIdleConnections()
	assert.Zero(t, transport.closed)
}

type countingTransport struct {
	*http.Transport
	closed int
}

func (c *countingTransport) CloseIdleConnections() { c.closed++ }
