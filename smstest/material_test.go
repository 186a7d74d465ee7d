package smstest_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestMaterialOfEveryKindHandshakes(t *testing.T) {
	t.Parallel()
	for _, kind := range []smstest.KeyKind{
		smstest.RSA2048, smstest.RSA3072, smstest.RSA4096, smstest.P256, smstest.P384, smstest.P521, smstest.Ed25519,
	} {
		for _, format := range []smstest.KeyFormat{smstest.Traditional, smstest.PKCS8} {
			t.Run(kind.String(), func(t *testing.T) {
				t.Parallel()
				srv := start(t, smstest.WithMaterial(smstest.Material{Key: kind, Format: format}))
				m, _ := srv.AddTask("t")
				require.NoError(t, handshake(t, m, m.TargetMgmtCert, m.TargetMgmtPrivateKey))
				require.NoError(t, handshake(t, m, m.TargetDataCert, m.TargetDataPrivateKey))
			})
		}
	}
}

func TestKeysAreInTheBlocksThatWereAskedFor(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for block, made := range map[string]smstest.Material{
		"RSA PRIVATE KEY":       {},
		"EC PRIVATE KEY":        {Key: smstest.P256},
		"PRIVATE KEY":           {Key: smstest.Ed25519},
		"ENCRYPTED PRIVATE KEY": {Encryption: smstest.PBES2},
		"RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,": {Encryption: smstest.RFC1423},
		"EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,":  {Key: smstest.P384, Encryption: smstest.RFC1423},
	} {
		m, pass := srv.AddTaskWith("", made)
		for _, pair := range []sms.KeyPair{m.Source(), m.TargetMgmt(), m.TargetData()} {
			assert.Contains(t, pair.PrivateKey.Reveal(), "-----BEGIN "+block)
			_, err := pair.TLSCertificate(pass.Passphrase)
			require.NoError(t, err, block)
			_, err = pair.TLSCertificate(sms.NewSecret("another"))
			if made.Encryption == smstest.Unencrypted {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, sms.ErrWrongPassphrase)
			}
		}
	}
}

func TestConsecutiveTasksShareNoKey(t *testing.T) {
	t.Parallel()
	srv := start(t)
	seen := map[string]bool{}
	for range 8 {
		m, _ := srv.AddTask("")
		for _, key := range []sms.Secret{m.PrivateKey, m.TargetMgmtPrivateKey, m.TargetDataPrivateKey} {
			assert.False(t, seen[key.Reveal()], "a key came twice")
			seen[key.Reveal()] = true
		}
	}
}

func TestATaskAnswersWhatItWasSetTo(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.SetTask("t", nil, &sms.Passphrase{TaskID: "another", Passphrase: sms.NewSecret("phrase")})
	client, err := srv.Client(sms.AllowTaskIDMismatch())
	require.NoError(t, err)
	_, err = client.ShowCertKey(t.Context(), "t")
	require.ErrorIs(t, err, sms.ErrNotFound)
	got, err := client.ShowPassphrase(t.Context(), "t")
	require.NoError(t, err)
	assert.Equal(t, "another", got.TaskID)
	srv.RemoveTask("t")
	_, err = client.ShowPassphrase(t.Context(), "t")
	require.ErrorIs(t, err, sms.ErrNotFound)
}

func TestTheServersCertificateIsTrustedByItsOwnClientAlone(t *testing.T) {
	t.Parallel()
	one, two := start(t), start(t)
	two.AddTask("t")
	client, err := sms.NewClient(two.Endpoint(), sms.StaticToken(two.Token()), sms.WithHTTPClient(one.HTTPClient()))
	require.NoError(t, err)
	_, err = client.ShowCertKey(t.Context(), "t")
	var refused *tls.CertificateVerificationError
	require.ErrorAs(t, err, &refused)
	assert.Empty(t, two.Requests())
	assert.Contains(t, one.CACertificate(), "BEGIN CERTIFICATE")
}
