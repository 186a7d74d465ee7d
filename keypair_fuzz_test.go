package sms_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// sampleKeys are keys of every form and encryption, in PEM.
func sampleKeys(tb testing.TB) []string {
	tb.Helper()
	var samples []string
	for _, room := range []string{"pbes2", "rfc1423"} {
		text, err := os.ReadFile(filepath.Join("internal", room, "testdata", "keys.pem"))
		require.NoError(tb, err)
		samples = append(samples, strings.SplitAfter(string(text), "PRIVATE KEY-----\n")...)
	}
	return samples
}

func FuzzPrivateKey(f *testing.F) {
	for _, key := range sampleKeys(f) {
		f.Add(key, "correct")
		f.Add(key, "")
	}
	cert := newAuthority(f, "fuzz", nil).pem()
	f.Fuzz(func(t *testing.T, key, pass string) {
		_, err := sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(key)}.TLSCertificate(sms.NewSecret(pass))
		var defect *sms.MaterialError
		require.ErrorAs(t, err, &defect, "no key but a fresh one belongs to the certificate")
		if len(pass) > 8 && !strings.Contains("private_key wrong passphrase or damaged", pass) {
			assert.NotContains(t, err.Error(), pass)
		}
	})
}

func FuzzChain(f *testing.F) {
	ca := newAuthority(f, "root", nil)
	m := material(f, newAuthority(f, "middle", ca))
	f.Add(m.Cert+m.CA+ca.pem(), ca.pem())
	f.Add(ca.pem()+m.CA+m.Cert, m.CA)
	f.Add(m.TargetDataCert, strings.ReplaceAll(ca.pem(), "\n", "\r\n "))
	f.Fuzz(func(_ *testing.T, chain, root string) {
		fuzzed := *m
		fuzzed.Cert, fuzzed.TargetDataCert, fuzzed.CA = chain, chain, root
		_ = fuzzed.Verify(sms.Secret{}, time.Now())
		_, _ = fuzzed.SourceTLS(sms.Secret{})
		_, _ = fuzzed.SourceTLS(sms.Secret{}, sms.PinTarget())
		_, _ = fuzzed.TargetDataTLS(sms.Secret{}, sms.PinTarget())
	})
}

// A key that asks for the most that is allowed may allocate scrypt's limit and no
// more than a few megabytes beside it.
func TestReadingAnyKeyIsQuick(t *testing.T) {
	t.Parallel()
	cert := newAuthority(t, "task", nil).pem()
	for _, text := range []string{
		strings.Repeat("-----BEGIN PRIVATE KEY-----\n", 40_000)[:1<<20],
		strings.Repeat("-----BEGIN A-----\n-----END A-----\n", 30_000),
		strings.Repeat("a:b\n", 1<<18),
		"-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("a: b\n", 200_000) + "-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIII", 1<<17) + "\n-----END PRIVATE KEY-----\n",
	} {
		began := time.Now()
		_, err := sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(text)}.TLSCertificate(sms.NewSecret("x"))
		require.Error(t, err)
		assert.Less(t, time.Since(began), 2*time.Second)
	}
}
