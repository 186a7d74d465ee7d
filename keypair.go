package sms

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"slices"
)

// KeyPair is a certificate, with its chain if there is one, and its private key,
// both in PEM. Printing it redacts the key. Compare with Equal.
type KeyPair struct {
	Cert       string `json:"cert"`
	PrivateKey Secret `json:"private_key"`
}

// Equal reports whether both hold the same texts, byte for byte; the keys are
// compared in constant time.
func (p KeyPair) Equal(other KeyPair) bool {
	return p.PrivateKey.Equal(other.PrivateKey) && p.Cert == other.Cert
}

// Source returns the source's pair. That of a nil CertKey is empty.
func (c *CertKey) Source() KeyPair {
	if c == nil {
		return KeyPair{}
	}
	return KeyPair{Cert: c.Cert, PrivateKey: c.PrivateKey}
}

// TargetMgmt returns the target's pair for task management. That of a nil CertKey is empty.
func (c *CertKey) TargetMgmt() KeyPair {
	if c == nil {
		return KeyPair{}
	}
	return KeyPair{Cert: c.TargetMgmtCert, PrivateKey: c.TargetMgmtPrivateKey}
}

// TargetData returns the target's pair for data migration. That of a nil CertKey is empty.
func (c *CertKey) TargetData() KeyPair {
	if c == nil {
		return KeyPair{}
	}
	return KeyPair{Cert: c.TargetDataCert, PrivateKey: c.TargetDataPrivateKey}
}

// TLSCertificate parses the pair for crypto/tls. The passphrase opens an
// encrypted key; a plain one ignores it, so the zero Secret will do.
//
// It reads PKCS #8, PKCS #1 and SEC 1 keys: RSA of 1024 to 8192 bits, ECDSA on
// P-256, P-384 and P-521, Ed25519; plain, encrypted with PBES2 (PBKDF2 of at most
// 2,000,000 iterations or scrypt of at most 160 MiB; AES-CBC or DES-EDE3-CBC), or in
// openssl's traditional format (RFC 1423). Each text may be 1 MiB long and have white
// space and other text around its blocks. Up to 32 certificates may come in any order:
// the leaf, which is the one that issued none of the others, comes first in the result,
// and its chain after it.
//
// The error is a *MaterialError; errors.Is finds ErrPassphraseRequired,
// ErrWrongPassphrase, ErrKeyMismatch and ErrUnsupportedKey. Validity and issuer are
// not checked: see CertKey.Verify.
//
// The result holds the private key in the clear, as every tls.Certificate does: do
// not print it.
func (p KeyPair) TLSCertificate(passphrase Secret) (tls.Certificate, error) {
	return p.load(pairFields{"cert", "private_key"}, passphrase)
}

// pairFields names a pair's fields for errors.
type pairFields struct{ cert, key string }

var (
	sourceFields     = pairFields{"cert", "private_key"}
	targetMgmtFields = pairFields{"target_mgmt_cert", "target_mgmt_private_key"}
	targetDataFields = pairFields{"target_data_cert", "target_data_private_key"}
)

func (p KeyPair) load(fields pairFields, passphrase Secret) (tls.Certificate, error) {
	certificates, err := parseCertificates(fields.cert, p.Cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := parsePrivateKey(fields.key, p.PrivateKey, passphrase)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := leafOf(certificates, key.Public())
	if err != nil {
		return tls.Certificate{}, &MaterialError{Field: fields.key, Err: err}
	}
	if err := checkPublicKey(leaf); err != nil {
		return tls.Certificate{}, &MaterialError{Field: fields.cert, Err: err}
	}
	pair := tls.Certificate{PrivateKey: key, Leaf: leaf}
	for _, certificate := range chainFrom(leaf, certificates) {
		pair.Certificate = append(pair.Certificate, certificate.Raw)
	}
	return pair, nil
}

// leafOf returns the leaf among certificates that has the public key. Without a
// key it returns the first leaf.
func leafOf(certificates []*x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	candidates := leaves(certificates)
	if public == nil {
		return candidates[0], nil
	}
	for _, certificate := range candidates {
		if own, ok := certificate.PublicKey.(interface{ Equal(x crypto.PublicKey) bool }); ok && own.Equal(public) {
			return certificate, nil
		}
	}
	return nil, ErrKeyMismatch
}

// leaves returns the certificates that issued none of the others; all, where the
// names do not tell, as when issuer and subject are the same everywhere.
func leaves(certificates []*x509.Certificate) []*x509.Certificate {
	found := slices.DeleteFunc(slices.Clone(certificates), func(issuer *x509.Certificate) bool {
		return slices.ContainsFunc(certificates, func(issued *x509.Certificate) bool {
			return issued != issuer && bytes.Equal(issued.RawIssuer, issuer.RawSubject)
		})
	})
	if len(found) == 0 {
		return certificates
	}
	return found
}

// chainFrom puts leaf first, then its issuers in order, which TLS 1.2 wants, then the rest.
func chainFrom(leaf *x509.Certificate, certificates []*x509.Certificate) []*x509.Certificate {
	rest := slices.DeleteFunc(slices.Clone(certificates), leaf.Equal)
	chain := []*x509.Certificate{leaf}
	for last := leaf; ; {
		next := slices.IndexFunc(rest, func(issuer *x509.Certificate) bool {
			return bytes.Equal(last.RawIssuer, issuer.RawSubject)
		})
		if next < 0 {
			return append(chain, rest...)
		}
		last = rest[next]
		chain = append(chain, last)
		rest = slices.Delete(rest, next, next+1)
	}
}
