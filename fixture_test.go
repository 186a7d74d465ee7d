package sms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// authority issues certificates for a task of a test.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newECKey(tb testing.TB) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	return key
}

// keyKinds are the six kinds, each with one key.
func keyKinds(tb testing.TB) map[string]crypto.Signer {
	tb.Helper()
	kinds := make(map[string]crypto.Signer)
	for name, bits := range map[string]int{"RSA 2048": 2048, "RSA 3072": 3072} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		require.NoError(tb, err)
		kinds[name] = key
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(tb, err)
		kinds[curve.Params().Name] = key
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(tb, err)
	kinds["Ed25519"] = key
	return kinds
}

// leafFor returns a leaf's certificate, valid for an hour either way.
func leafFor(name string, usage ...x509.ExtKeyUsage) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  usage,
	}
}

func newAuthority(tb testing.TB, name string, parent *authority) *authority {
	tb.Helper()
	ca := &authority{key: newECKey(tb)}
	self := leafFor(name)
	self.IsCA, self.BasicConstraintsValid, self.KeyUsage = true, true, x509.KeyUsageCertSign
	issuer := &authority{self, ca.key}
	if parent != nil {
		issuer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, self, issuer.cert, ca.key.Public(), issuer.key)
	require.NoError(tb, err)
	ca.cert, err = x509.ParseCertificate(der)
	require.NoError(tb, err)
	return ca
}

func certPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (ca *authority) pem() string { return certPEM(ca.cert.Raw) }

// issue returns the certificate of key, in PEM.
func (ca *authority) issue(tb testing.TB, leaf *x509.Certificate, key crypto.Signer) string {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca.cert, key.Public(), ca.key)
	require.NoError(tb, err)
	return certPEM(der)
}

// pair issues leaf for a fresh key.
func (ca *authority) pair(tb testing.TB, leaf *x509.Certificate) (string, sms.Secret) {
	tb.Helper()
	key := newECKey(tb)
	return ca.issue(tb, leaf, key), keyPEM(tb, key)
}

func keyPEM(tb testing.TB, key crypto.Signer) sms.Secret {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	return sms.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// material returns a task's material under ca, with target certificates for
// target.example.
func material(tb testing.TB, ca *authority) *sms.CertKey {
	tb.Helper()
	m := &sms.CertKey{CA: ca.pem()}
	target := func(name string) *x509.Certificate {
		leaf := leafFor(name, x509.ExtKeyUsageServerAuth)
		leaf.DNSNames = []string{"target.example"}
		return leaf
	}
	m.Cert, m.PrivateKey = ca.pair(tb, leafFor("source", x509.ExtKeyUsageClientAuth))
	m.TargetMgmtCert, m.TargetMgmtPrivateKey = ca.pair(tb, target("target mgmt"))
	m.TargetDataCert, m.TargetDataPrivateKey = ca.pair(tb, target("target data"))
	return m
}
