// Package interop holds this library against the official SDK: what both send,
// what both read, and what both cost.
package interop

import (
	"errors"
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// officialClient makes the official SDK a client of srv.
func officialClient(t *testing.T, srv *smstest.Server, key sms.AccessKey) *official.SmsClient {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // the SDK writes a file of its own into the home folder
	credential, err := global.NewCredentialsBuilder().WithAk(key.ID).WithSk(key.Secret.Reveal()).WithDomainId(key.DomainID).SafeBuild()
	require.NoError(t, err)
	hc, err := official.SmsClientBuilder().
		WithCredentialsType("global.Credentials").
		WithEndpoint(srv.Endpoint()).
		WithCredential(credential).
		WithHttpConfig(config.DefaultHttpConfig().WithIgnoreSSLVerification(true)).
		SafeBuild()
	require.NoError(t, err)
	return official.NewSmsClient(hc)
}

func TestTheOfficialClientIsServedBySmstest(t *testing.T) {
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	material, pass := srv.AddTask("task-1")
	client := officialClient(t, srv, srv.AccessKey())

	enable := true
	gotMaterial, err := client.ShowCertKey(&model.ShowCertKeyRequest{TaskId: "task-1", EnableCaCert: &enable})
	require.NoError(t, err)
	assert.Equal(t, material.CA, *gotMaterial.Ca)
	assert.Equal(t, material.Cert, *gotMaterial.Cert)
	assert.True(t, material.PrivateKey.Equal(sms.NewSecret(*gotMaterial.PrivateKey)))
	assert.Equal(t, material.TargetMgmtCert, *gotMaterial.TargetMgmtCert)
	assert.True(t, material.TargetMgmtPrivateKey.Equal(sms.NewSecret(*gotMaterial.TargetMgmtPrivateKey)))
	assert.Equal(t, material.TargetDataCert, *gotMaterial.TargetDataCert)
	assert.True(t, material.TargetDataPrivateKey.Equal(sms.NewSecret(*gotMaterial.TargetDataPrivateKey)))
	gotPass, err := client.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: "task-1"})
	require.NoError(t, err)
	assert.Equal(t, "task-1", *gotPass.TaskId)
	assert.True(t, pass.Passphrase.Equal(sms.NewSecret(*gotPass.Passphrase)))
}

func TestTheOfficialClientReadsTheRefusalsOfSmstest(t *testing.T) {
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddTask("task-1")
	srv.Deny(smstest.ActionGetTaskPassphrase)
	wrong := srv.AccessKey()
	wrong.Secret = sms.NewSecret("another")
	for name, c := range map[string]struct {
		client *official.SmsClient
		status int
		code   string
	}{
		"denied action": {officialClient(t, srv, srv.AccessKey()), http.StatusForbidden, "SMS.9004"},
		"wrong secret":  {officialClient(t, srv, wrong), http.StatusUnauthorized, "APIGW.0301"},
	} {
		_, err := c.client.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: "task-1"})
		refused, ok := errors.AsType[*sdkerr.ServiceResponseError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, c.status, refused.StatusCode, name)
		assert.Equal(t, c.code, refused.ErrorCode, name)
		assert.NotEmpty(t, refused.RequestId, name)
	}
}

func TestWhatBothClientsSend(t *testing.T) {
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddTask("task-1")
	theirs := officialClient(t, srv, srv.AccessKey())
	ours, err := sms.NewClient(srv.Endpoint(), sms.StaticAccessKey(srv.AccessKey()), sms.WithHTTPClient(srv.HTTPClient()))
	require.NoError(t, err)

	for _, enable := range []bool{true, false} {
		_, err = theirs.ShowCertKey(&model.ShowCertKeyRequest{TaskId: "task-1", EnableCaCert: &enable})
		require.NoError(t, err)
		_, err = ours.ShowCertKey(t.Context(), "task-1", sms.EnableCACert(enable))
		require.NoError(t, err)
	}
	_, err = theirs.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: "task-1"})
	require.NoError(t, err)
	_, err = ours.ShowPassphrase(t.Context(), "task-1")
	require.NoError(t, err)

	seen := srv.Requests()
	require.Len(t, seen, 6)
	for i := 0; i < len(seen); i += 2 {
		their, our := seen[i], seen[i+1]
		assert.Equal(t, their.Method, our.Method)
		assert.Equal(t, their.Path, our.Path)
		assert.Equal(t, their.Query, our.Query)
		assert.Equal(t, their.Header.Get("Content-Type"), our.Header.Get("Content-Type"))
		assert.Equal(t, their.Header.Get("X-Domain-Id"), our.Header.Get("X-Domain-Id"))
		// The differences, each on purpose: we sign the host, so that a signature is worth
		// nothing elsewhere, and not the User-Agent, which proxies change.
		assert.ElementsMatch(t, []string{"host", "x-domain-id", "x-sdk-date"}, our.SignedHeaders)
		assert.ElementsMatch(t, []string{"user-agent", "x-domain-id", "x-sdk-date"}, their.SignedHeaders)
		assert.Equal(t, "gzip", their.Header.Get("Accept-Encoding"))
		assert.Equal(t, "identity", our.Header.Get("Accept-Encoding"), "nothing to decompress, no bomb")
	}
}
