package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"time"

	"example.com/huaweicloud/sms/internal/wire"
)

// The tasks that the server knows. Their ids say which bodies they have.
const (
	taskSmall = "00000000-0000-4000-8000-000000000007" // about 7 KB of certificates and keys
	taskLarge = "00000000-0000-4000-8000-000000000015" // about 15 KB
)

// bodies holds the answers by the end of their path.
type bodies map[string][]byte

// newBodies makes answers of real PEM: RSA 2048 beside an elliptic curve for the
// small one, RSA 3072 with a chain for the large one.
func newBodies() (bodies, error) {
	small, err := certKey(2048, false)
	if err != nil {
		return nil, err
	}
	large, err := certKey(3072, true)
	if err != nil {
		return nil, err
	}
	b := bodies{}
	for task, material := range map[string]wire.CertKey{taskSmall: small, taskLarge: large} {
		if b[task+"/certkey"], err = json.Marshal(material); err != nil {
			return nil, err
		}
		if b[task+"/passphrase"], err = json.Marshal(wire.Passphrase{TaskID: task, Passphrase: "correct horse battery staple"}); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b bodies) forPath(path string) []byte {
	_, rest, _ := strings.Cut(path, "/v3/tasks/")
	return b[rest]
}

// certKey makes an answer with RSA keys of bits. With a large one every pair is
// RSA and the source's certificate brings its chain; with a small one the authority and
// the data channel use P-256.
func certKey(bits int, large bool) (wire.CertKey, error) {
	var m wire.CertKey
	authority, err := newPair(nil, keySize(bits, large))
	if err != nil {
		return m, err
	}
	source, err := newPair(authority, bits)
	if err != nil {
		return m, err
	}
	mgmt, err := newPair(authority, bits)
	if err != nil {
		return m, err
	}
	data, err := newPair(authority, keySize(bits, large))
	if err != nil {
		return m, err
	}
	m = wire.CertKey{
		CA: authority.certPEM, Cert: source.certPEM, PrivateKey: source.keyPEM,
		TargetMgmtCert: mgmt.certPEM, TargetMgmtPrivateKey: mgmt.keyPEM,
		TargetDataCert: data.certPEM, TargetDataPrivateKey: data.keyPEM,
	}
	if large {
		m.Cert += authority.certPEM
	}
	return m, nil
}

func keySize(bits int, large bool) int {
	if large {
		return bits
	}
	return 0
}

type pair struct {
	cert            *x509.Certificate
	key             crypto.Signer
	certPEM, keyPEM string
}

// newPair makes a certificate signed by issuer, or by itself, with an RSA key of
// bits or, where that is 0, a P-256 key.
func newPair(issuer *pair, bits int) (*pair, error) {
	p := &pair{}
	if err := p.makeKey(bits); err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{Organization: []string{"Server Migration Service"}, CommonName: "task " + taskSmall},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames:              []string{"localhost"},
		BasicConstraintsValid: true,
		IsCA:                  issuer == nil,
	}
	parent, signer := template, p.key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, p.key.Public(), signer)
	if err != nil {
		return nil, err
	}
	p.certPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	p.cert, err = x509.ParseCertificate(der)
	return p, err
}

func (p *pair) makeKey(bits int) error {
	if bits == 0 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		der, err := x509.MarshalECPrivateKey(key)
		p.key, p.keyPEM = key, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return err
	}
	p.key = key
	p.keyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return nil
}
