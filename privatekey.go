package sms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"example.com/huaweicloud/sms/internal/pbes2"
	"example.com/huaweicloud/sms/internal/rfc1423"
)

// maxKeySize bounds a private key in DER, in bytes. An RSA key of 8192 bits takes 4.8 kB.
const maxKeySize = 16 << 10

var errDamagedKey = errors.New("the private key cannot be parsed: damaged, or not of the kind that its PEM block says")

// parsePrivateKey returns the one private key of text, decrypted if need be.
func parsePrivateKey(field string, text, passphrase Secret) (crypto.Signer, error) {
	blocks, err := parsePEM(field, text.Reveal())
	if err != nil {
		return nil, err
	}
	var keys []*pem.Block
	for _, block := range blocks {
		if strings.HasSuffix(block.Type, typeKeySuffix) {
			keys = append(keys, block)
		}
	}
	switch len(keys) {
	case 0:
		return nil, defect(field, "wrong kind of PEM block: want %s, have %s", typeKeySuffix, blockTypes(blocks))
	case 1:
	default:
		return nil, defect(field, "%d private keys where one is wanted", len(keys))
	}
	key, err := openKey(keys[0], passphrase)
	if err != nil {
		return nil, &MaterialError{Field: field, Err: err}
	}
	return key, nil
}

func openKey(block *pem.Block, passphrase Secret) (crypto.Signer, error) {
	switch block.Type {
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
	default:
		return nil, fmt.Errorf("%w: a PEM block of this type is not known; convert it with openssl pkcs8 -topk8", ErrUnsupportedKey)
	}
	encrypted := block.Type == "ENCRYPTED PRIVATE KEY"
	if !encrypted && !rfc1423.Encrypted(block) {
		return parseKey(block.Bytes)
	}
	if passphrase.IsZero() {
		return nil, ErrPassphraseRequired
	}
	decrypt := func() ([]byte, error) { return rfc1423.Decrypt(block, []byte(passphrase.Reveal())) }
	if encrypted {
		decrypt = func() ([]byte, error) { return pbes2.Decrypt(block.Bytes, []byte(passphrase.Reveal())) }
	}
	der, err := decrypt()
	switch {
	case errors.Is(err, pbes2.ErrUnsupported), errors.Is(err, rfc1423.ErrUnsupported):
		return nil, fmt.Errorf("%w: %w; convert it with openssl pkcs8 -topk8 -v2 aes-256-cbc", ErrUnsupportedKey, err)
	case err != nil:
		return nil, ErrWrongPassphrase
	}
	// A wrong passphrase may well decrypt to noise without an error: what parses is
	// believed, and nothing else.
	key, err := parseKey(der)
	if err != nil && !errors.Is(err, ErrUnsupportedKey) {
		return nil, ErrWrongPassphrase
	}
	return key, err
}

// The beginnings of the three forms of a key. What follows is left to crypto/x509.
type (
	pkcs8Key struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	pkcs1Key struct {
		Version int
		N       *big.Int
	}
	sec1Key struct {
		Version int
		Scalar  []byte
		Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	}
)

// parseKey takes PKCS #8, PKCS #1 and SEC 1, by content: old tools mix up the
// types of PEM blocks.
func parseKey(der []byte) (crypto.Signer, error) {
	if len(der) > maxKeySize {
		return nil, fmt.Errorf("%w: the key takes more than %d bytes", ErrUnsupportedKey, maxKeySize)
	}
	if key := new(pkcs8Key); begins(der, key) {
		return parsePKCS8(key, der)
	}
	if begins(der, new(pkcs1Key)) {
		return parseRSA(der)
	}
	if key := new(sec1Key); begins(der, key) {
		return parseEC(key.Curve, der, x509.ParseECPrivateKey)
	}
	return nil, errDamagedKey
}

// begins reports whether der is one structure that begins as value does.
func begins(der []byte, value any) bool {
	rest, err := asn1.Unmarshal(der, value)
	return err == nil && len(rest) == 0
}

func parsePKCS8(key *pkcs8Key, der []byte) (crypto.Signer, error) {
	switch oid := key.Algorithm.Algorithm.String(); oid {
	case "1.2.840.113549.1.1.1":
		return parseRSA(key.Key)
	case "1.2.840.10045.2.1":
		var curve asn1.ObjectIdentifier
		if !begins(key.Algorithm.Parameters.FullBytes, &curve) {
			return nil, fmt.Errorf("%w: an elliptic curve without a name", ErrUnsupportedKey)
		}
		return parseEC(curve, der, func(der []byte) (*ecdsa.PrivateKey, error) {
			parsed, err := x509.ParsePKCS8PrivateKey(der)
			ec, _ := parsed.(*ecdsa.PrivateKey)
			return ec, err
		})
	case "1.3.101.112":
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if key, ok := parsed.(ed25519.PrivateKey); ok && err == nil {
			return key, nil
		}
		return nil, errDamagedKey
	default:
		return nil, fmt.Errorf("%w: algorithm %s is none of RSA, ECDSA and Ed25519", ErrUnsupportedKey, oid)
	}
}

// parseRSA looks at the size before it has the key checked, which takes time that
// grows with the third power of it.
func parseRSA(der []byte) (crypto.Signer, error) {
	var head pkcs1Key
	if !begins(der, &head) {
		return nil, errDamagedKey
	}
	if bits := head.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("%w: an RSA key of %d bits, where %d to %d are supported", ErrUnsupportedKey, bits, minRSABits, maxRSABits)
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, errDamagedKey
	}
	return key, nil
}

func parseEC(curve asn1.ObjectIdentifier, der []byte, parse func([]byte) (*ecdsa.PrivateKey, error)) (crypto.Signer, error) {
	switch curve.String() {
	case "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35":
	default:
		return nil, fmt.Errorf("%w: an elliptic curve that is none of P-256, P-384 and P-521", ErrUnsupportedKey)
	}
	key, err := parse(der)
	if err != nil || key == nil {
		return nil, errDamagedKey
	}
	return key, nil
}

// checkPublicKey refuses what TLS cannot use.
func checkPublicKey(certificate *x509.Certificate) error {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey, ed25519.PublicKey:
		return nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P224() {
			return nil
		}
	}
	return fmt.Errorf("%w: the certificate's key is none of RSA, ECDSA on P-256, P-384 or P-521, and Ed25519", ErrUnsupportedKey)
}
