package smstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"

	"example.com/huaweicloud/sms"
)

// TargetName is the DNS name in the certificates of a task's target, for
// sms.VerifyServerName.
const TargetName = "target.sms.test"

const validity = 365 * 24 * time.Hour

//go:embed testdata/rsa2048.pem
var rsaKeys []byte

// keyRing hands out keys for tasks in turn: no two pairs of a task share one, and
// neither do tasks that follow each other.
type keyRing struct {
	mu   sync.Mutex
	rest []byte
}

func newKeyRing() *keyRing { return &keyRing{rest: rsaKeys} }

func (k *keyRing) next() (*rsa.PrivateKey, string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	block, rest := pem.Decode(k.rest)
	if block == nil {
		block, rest = pem.Decode(rsaKeys)
	}
	k.rest = rest
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return key, string(pem.EncodeToMemory(block)), err
}

// issue makes the material of a task: an authority and three pairs below it.
func (k *keyRing) issue(taskID string, now time.Time) (*sms.CertKey, error) {
	ca, err := newAuthority("SMS task "+taskID, now)
	if err != nil {
		return nil, err
	}
	m := &sms.CertKey{CA: ca.pem}
	for _, pair := range []struct {
		name  string
		usage x509.ExtKeyUsage
		cert  *string
		key   *sms.Secret
	}{
		{"source", x509.ExtKeyUsageClientAuth, &m.Cert, &m.PrivateKey},
		{"target management", x509.ExtKeyUsageServerAuth, &m.TargetMgmtCert, &m.TargetMgmtPrivateKey},
		{"target data", x509.ExtKeyUsageServerAuth, &m.TargetDataCert, &m.TargetDataPrivateKey},
	} {
		key, keyPEM, err := k.next()
		if err != nil {
			return nil, err
		}
		template := &x509.Certificate{
			Subject:     pkix.Name{Organization: []string{"smstest"}, CommonName: pair.name},
			ExtKeyUsage: []x509.ExtKeyUsage{pair.usage},
		}
		if pair.usage == x509.ExtKeyUsageServerAuth {
			template.DNSNames = []string{TargetName}
		}
		if *pair.cert, err = ca.sign(template, key.Public()); err != nil {
			return nil, err
		}
		*pair.key = sms.NewSecret(keyPEM)
	}
	return m, nil
}

// authority is a certificate authority with a key of its own.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  string
	now  time.Time
}

func newAuthority(name string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"smstest"}, CommonName: name + " CA"},
		IsCA:    true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	ca := &authority{cert: template, key: key, now: now}
	if ca.pem, err = ca.sign(template, key.Public()); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(ca.pem))
	ca.cert, err = x509.ParseCertificate(block.Bytes)
	return ca, err
}

// sign fills in what all certificates share and returns the certificate as PEM.
func (a *authority) sign(template *x509.Certificate, public crypto.PublicKey) (string, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return "", err
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = a.now.Add(-time.Hour), a.now.Add(validity)
	if !template.IsCA {
		template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// serverIdentity makes the certificate of the HTTPS server, and the pool that trusts it.
func serverIdentity() (tls.Certificate, *x509.CertPool, error) {
	ca, err := newAuthority("smstest server", time.Now())
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	chain, err := ca.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "smstest"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:    []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, key.Public())
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	block, _ := pem.Decode([]byte(chain))
	return tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key}, roots, nil
}
