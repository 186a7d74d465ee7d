package wire_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/wire"
)

// certKeyBody has the size and the line breaks of seven RSA keys and certificates.
func certKeyBody(tb testing.TB) []byte {
	tb.Helper()
	pem := "-----BEGIN CERTIFICATE-----\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 26) + "-----END CERTIFICATE-----\n"
	body, err := json.Marshal(wire.CertKey{
		CA: pem, Cert: pem, PrivateKey: pem, TargetMgmtCert: pem, TargetMgmtPrivateKey: pem,
		TargetDataCert: pem, TargetDataPrivateKey: pem,
	})
	require.NoError(tb, err)
	return body
}

func BenchmarkDecodeCertKey(b *testing.B) {
	plain := certKeyBody(b)
	general := append([]byte(`{"unknown":0,`), plain[1:]...)
	for name, body := range map[string][]byte{"plain": plain, "general": general} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.ParseCertKey(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodePassphrase(b *testing.B) {
	body := []byte(`{"task_id":"d7fa81b9-c174-4c0a-a475-51a54c8af8a4","passphrase":"correct horse battery staple"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.ParsePassphrase(body); err != nil {
			b.Fatal(err)
		}
	}
}
