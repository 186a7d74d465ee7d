package sms_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/internal/wire"
)

// inMemory is a transport that costs next to nothing: it answers with body.
func inMemory(body []byte) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: int64(len(body)),
			Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"0123456789abcdef"}},
			Body:   io.NopCloser(bytes.NewReader(body)),
		}, nil
	})
}

// pemLike has the size and the line breaks of an RSA key or a certificate.
func pemLike(kind string) string {
	return "-----BEGIN " + kind + "-----\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 26) + "-----END " + kind + "-----\n"
}

func benchmark(b *testing.B, signer sms.Signer, body any, call func(*sms.Client) error) {
	b.Helper()
	data, err := json.Marshal(body)
	require.NoError(b, err)
	client, err := sms.NewClient("https://sms.test", signer, sms.WithHTTPClient(&http.Client{Transport: inMemory(data)}))
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := call(client); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkSigners() map[string]sms.Signer {
	return map[string]sms.Signer{
		"token": sms.StaticToken(strings.Repeat("MIIa", 512)),
		"aksk":  sms.StaticAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK"), DomainID: "domain"}),
	}
}

func benchmarkCertKey() wire.CertKey {
	cert, key := pemLike("CERTIFICATE"), pemLike("RSA PRIVATE KEY")
	return wire.CertKey{
		CA: cert, Cert: cert, PrivateKey: key, TargetMgmtCert: cert, TargetMgmtPrivateKey: key,
		TargetDataCert: cert, TargetDataPrivateKey: key,
	}
}

func BenchmarkShowCertKey(b *testing.B) {
	for name, signer := range benchmarkSigners() {
		b.Run(name, func(b *testing.B) {
			benchmark(b, signer, benchmarkCertKey(), func(c *sms.Client) error { _, err := c.ShowCertKey(b.Context(), taskID); return err })
		})
	}
}

func BenchmarkShowPassphrase(b *testing.B) {
	body := wire.Passphrase{TaskID: taskID, Passphrase: "correct horse battery staple"}
	for name, signer := range benchmarkSigners() {
		b.Run(name, func(b *testing.B) {
			benchmark(b, signer, body, func(c *sms.Client) error { _, err := c.ShowPassphrase(b.Context(), taskID); return err })
		})
	}
}
