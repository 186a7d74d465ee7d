package smstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// validity is how long certificates are good for, on both sides of now. The past
// is there for clocks that are a little behind.
const (
	validBefore = time.Hour
	validAfter  = 365 * 24 * time.Hour
)

// authority is a CA with a key of its own, so that nothing it issued chains to
// another one.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(name string, notBefore, notAfter time.Time) *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return &authority{cert: must(x509.ParseCertificate(der)), key: key}
}

func (a *authority) pem() string { return certificatePEM(a.cert.Raw) }

// leaf is what differs between the certificates of this package.
type leaf struct {
	name                string
	dnsNames            []string
	addresses           []net.IP
	usage               x509.ExtKeyUsage
	notBefore, notAfter time.Time
}

// issue returns the DER of a certificate for the public half of key.
func (a *authority) issue(l leaf, key crypto.Signer) []byte {
	return must(x509.CreateCertificate(rand.Reader, l.template(), a.cert, key.Public(), a.key))
}

func (l leaf) template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: l.name},
		NotBefore:             l.notBefore,
		NotAfter:              l.notAfter,
		DNSNames:              l.dnsNames,
		IPAddresses:           l.addresses,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{l.usage},
	}
}

// endpointCertificate is what the server shows to its clients.
func (a *authority) endpointCertificate(l leaf) tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return tls.Certificate{Certificate: [][]byte{a.issue(l, key)}, PrivateKey: key}
}

// loopbackLeaf is a server certificate for this machine and extra, names or addresses.
func loopbackLeaf(extra ...string) leaf {
	now := time.Now()
	l := leaf{
		name:      "smstest",
		dnsNames:  []string{"localhost"},
		addresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		usage:     x509.ExtKeyUsageServerAuth,
		notBefore: now.Add(-validBefore),
		notAfter:  now.Add(validAfter),
	}
	for _, host := range extra {
		if ip := net.ParseIP(host); ip != nil {
			l.addresses = append(l.addresses, ip)
		} else {
			l.dnsNames = append(l.dnsNames, host)
		}
	}
	return l
}

func serial() *big.Int {
	return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)))
}

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// must is for what fails only where the machine does: no randomness, no loopback.
// Like net/http/httptest, this package has no way to go on then.
func must[T any](value T, err error) T {
	if err != nil {
		panic("smstest: " + err.Error())
	}
	return value
}
