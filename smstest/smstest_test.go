package smstest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opts ...smstest.Option) *smstest.Server {
	t.Helper()
	srv := smstest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return srv
}

func signed(t *testing.T, srv *smstest.Server, key sms.AccessKey) *sms.Client {
	t.Helper()
	client, err := sms.NewClient(srv.Endpoint(), sms.StaticAccessKey(key, srv.SignerOptions()...), sms.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)
	return client
}

func Example() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")

	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	gotMaterial, err := client.ShowCertKey(ctx, "task-1")
	fmt.Println(gotMaterial.Equal(material), err)
	gotPass, err := client.ShowPassphrase(ctx, "task-1")
	fmt.Println(gotPass.Equal(pass), err)

	srv.Deny(smstest.ActionGetCert)
	_, err = client.ShowCertKey(ctx, "task-1")
	fmt.Println(sms.ErrForbidden, "-", err != nil)
	for _, r := range srv.Requests() {
		fmt.Println(r.Operation, r.TaskID, r.StatusCode)
	}
	// Output:
	// true <nil>
	// true <nil>
	// sms: forbidden - true
	// ShowCertKey task-1 200
	// ShowPassphrase task-1 200
	// ShowCertKey task-1 403
}

func TestBothCallsWithATokenAndWithAKey(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]smstest.Option{nil, {smstest.WithHTTP1()}, {smstest.WithBasePath("/proxy/sms/")}} {
		srv := start(t, opts...)
		material, pass := srv.AddTask("")
		byToken, err := srv.Client()
		require.NoError(t, err)
		for _, client := range []*sms.Client{byToken, signed(t, srv, srv.AccessKey())} {
			got, err := client.ShowCertKey(t.Context(), pass.TaskID)
			require.NoError(t, err)
			assert.True(t, got.Equal(material))
			gotPass, err := client.ShowPassphrase(t.Context(), pass.TaskID)
			require.NoError(t, err)
			assert.True(t, gotPass.Equal(pass))
			got, err = client.ShowCertKey(t.Context(), pass.TaskID, sms.EnableCACert(false))
			require.NoError(t, err)
			assert.Empty(t, got.CA)
			assert.Equal(t, material.Cert, got.Cert)
		}
	}
}

func TestEveryRefusalIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("there")
	client := func(signer sms.Signer) *sms.Client {
		c, err := sms.NewClient(srv.Endpoint(), signer, sms.WithHTTPClient(srv.HTTPClient()))
		require.NoError(t, err)
		return c
	}
	wrongSecret, wrongID := srv.AccessKey(), srv.AccessKey()
	wrongSecret.Secret = sms.NewSecret("another")
	wrongID.ID = "UNKNOWN"
	for name, c := range map[string]struct {
		client   *sms.Client
		task     string
		sentinel error
		code     string
	}{
		"unknown token": {client(sms.StaticToken("unknown")), "there", sms.ErrUnauthorized, "APIGW.0301"},
		"wrong secret":  {client(sms.StaticAccessKey(wrongSecret)), "there", sms.ErrUnauthorized, "APIGW.0301"},
		"unknown key":   {client(sms.StaticAccessKey(wrongID)), "there", sms.ErrUnauthorized, "APIGW.0301"},
		"unknown task":  {signed(t, srv, srv.AccessKey()), "elsewhere", sms.ErrNotFound, "SMS.2252"},
	} {
		_, err := c.client.ShowCertKey(t.Context(), c.task)
		require.ErrorIs(t, err, c.sentinel, name)
		var refused *sms.APIError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, c.code, refused.Code, name)
		assert.Len(t, refused.RequestID, 32, name)
	}
}

func TestASignatureThatIsTooOldIsRefused(t *testing.T) {
	t.Parallel()
	for offset, ok := range map[time.Duration]bool{
		0: true, 14 * time.Minute: true, -14 * time.Minute: true, 16 * time.Minute: false, -16 * time.Minute: false,
	} {
		srv := start(t, smstest.WithClock(func() time.Time { return time.Now().Add(offset) }))
		srv.AddTask("t")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint()+"/v3/tasks/t/passphrase", nil)
		require.NoError(t, err)
		require.NoError(t, sms.StaticAccessKey(srv.AccessKey()).Sign(req))
		resp, err := srv.HTTPClient().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, ok, resp.StatusCode == http.StatusOK, "%v", offset)
	}
}

func TestASignatureCoversWhatItNames(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	for name, change := range map[string]func(*http.Request){
		"the path":      func(r *http.Request) { r.URL.Path = "/v3/tasks/u/passphrase" },
		"the query":     func(r *http.Request) { r.URL.RawQuery = "x=1" },
		"the domain":    func(r *http.Request) { r.Header.Set("X-Domain-Id", "other") },
		"the host":      func(r *http.Request) { r.Host = "other.test" },
		"the date":      func(r *http.Request) { r.Header.Set("X-Sdk-Date", "20060102T150405Z") },
		"no date":       func(r *http.Request) { r.Header.Del("X-Sdk-Date") },
		"the algorithm": func(r *http.Request) { r.Header.Set("Authorization", "Basic abc") },
		"nothing":       nil,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint()+"/v3/tasks/t/passphrase", nil)
		require.NoError(t, err)
		require.NoError(t, sms.StaticAccessKey(srv.AccessKey()).Sign(req))
		want := http.StatusOK
		if change != nil {
			change(req)
			want = http.StatusUnauthorized
		}
		resp, err := srv.HTTPClient().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, want, resp.StatusCode, "%s: %s", name, body)
	}
}

func TestOnePermissionMayBeDeniedAndTheOtherNot(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	client, err := srv.Client()
	require.NoError(t, err)
	calls := map[string]func() error{
		smstest.ActionGetCert:           func() error { _, err := client.ShowCertKey(t.Context(), "t"); return err },
		smstest.ActionGetTaskPassphrase: func() error { _, err := client.ShowPassphrase(t.Context(), "t"); return err },
	}
	for denied := range calls {
		srv.Deny(denied)
		for action, call := range calls {
			err := call()
			if action != denied {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, sms.ErrForbidden)
			var refused *sms.APIError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "SMS.9004", refused.Code)
			assert.Contains(t, refused.Message, action)
			assert.NotEmpty(t, refused.EncodedAuthorizationMessage)
			assert.Len(t, refused.ErrorParam, 1)
			assert.Len(t, refused.Details, 1)
		}
		srv.Allow(denied)
		require.NoError(t, calls[denied]())
	}
}

func TestRequestsShowNoCredential(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddTask("t")
	client, err := srv.Client()
	require.NoError(t, err)
	_, err = client.ShowPassphrase(t.Context(), "t")
	require.NoError(t, err)
	_, err = signed(t, srv, srv.AccessKey()).ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	seen := srv.Requests()
	require.Len(t, seen, 2)
	assert.Equal(t, []string{"host", "x-domain-id", "x-sdk-date"}, seen[1].SignedHeaders)
	assert.Equal(t, "true", seen[1].Query.Get("enable_ca_cert"))
	text := fmt.Sprintf("%+v", seen)
	assert.NotContains(t, text, srv.Token())
	assert.NotContains(t, text, "Signature=")
	assert.Contains(t, text, "[REDACTED]")
}

func TestTheMaterialOfATaskHandshakes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	material, _ := srv.AddTask("one")
	stranger, _ := srv.AddTask("two")
	require.NoError(t, handshake(t, material, material.TargetMgmtCert, material.TargetMgmtPrivateKey))
	require.NoError(t, handshake(t, material, material.TargetDataCert, material.TargetDataPrivateKey))
	require.Error(t, handshake(t, material, stranger.TargetDataCert, stranger.TargetDataPrivateKey))
	for _, key := range []sms.Secret{material.PrivateKey, material.TargetMgmtPrivateKey, material.TargetDataPrivateKey} {
		assert.True(t, strings.HasPrefix(key.Reveal(), "-----BEGIN RSA PRIVATE KEY-----\n"))
		assert.False(t, key.Equal(stranger.PrivateKey))
	}
}

// handshake connects m's source to a target that has cert and key.
func handshake(t *testing.T, m *sms.CertKey, cert string, key sms.Secret) error {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(m.CA)))
	source, err := tls.X509KeyPair([]byte(m.Cert), []byte(m.PrivateKey.Reveal()))
	require.NoError(t, err)
	target, err := tls.X509KeyPair([]byte(cert), []byte(key.Reveal()))
	require.NoError(t, err)
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	failed := make(chan error, 1)
	go func() {
		failed <- tls.Server(far, &tls.Config{Certificates: []tls.Certificate{target}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}).HandshakeContext(t.Context())
		_ = far.Close()
	}()
	err = tls.Client(near, &tls.Config{Certificates: []tls.Certificate{source}, RootCAs: roots, ServerName: smstest.TargetName, MinVersion: tls.VersionTLS12}).HandshakeContext(t.Context())
	_ = near.Close()
	if serverErr := <-failed; err == nil {
		err = serverErr
	}
	return err
}

func TestNewMaterialReplacesTheOld(t *testing.T) {
	t.Parallel()
	srv := start(t)
	before, _ := srv.AddTask("t")
	after, _ := srv.AddTask("t")
	assert.False(t, before.Equal(after))
	client, err := srv.Client()
	require.NoError(t, err)
	got, err := client.ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	assert.True(t, got.Equal(after))
	after.Cert = "changed by the caller"
	got, err = client.ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	assert.NotEqual(t, "changed by the caller", got.Cert)
	block, _ := pem.Decode([]byte(got.Cert))
	require.NotNil(t, block)
}

func TestAnotherPathIsNotPublished(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for _, target := range []string{"/v3", "/v3/tasks/t", "/v3/tasks/t/certkey/x", "/v2/tasks/t/certkey"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint()+target, nil)
		require.NoError(t, err)
		resp, err := srv.HTTPClient().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusNotFound, resp.StatusCode)
		assert.Contains(t, string(body), `"APIGW.0101"`)
	}
}
