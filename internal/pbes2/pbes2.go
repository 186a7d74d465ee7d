// Package pbes2 opens PKCS #8 private keys that are encrypted with PBES2 (RFC
// 8018), in PEM an ENCRYPTED PRIVATE KEY.
//
// It knows what openssl and its kin write: PBKDF2 with HMAC over MD5, SHA-1 and
// all of SHA-2, and scrypt; AES-128, AES-192, AES-256 and triple DES in CBC mode.
// The parameters come from whoever made the file, so the work that they may ask
// for is bounded: see MaxSize, MaxIterations, MaxScryptMemory and MaxScryptWork.
package pbes2

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"example.com/huaweicloud/sms/internal/cbc"
)

// MaxSize is the largest input in bytes. An RSA key of 8192 bits takes 4.8 kB.
const MaxSize = 16 << 10

var (
	// ErrDecrypt is a passphrase that does not open the key, or a damaged key:
	// the two cannot be told apart for certain.
	ErrDecrypt = errors.New("wrong passphrase or damaged key")
	// ErrUnsupported is an algorithm that this package does not know, or
	// parameters beyond its limits. The error that wraps it says which.
	ErrUnsupported = errors.New("unsupported encryption")
)

type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type parameters struct {
	Derivation pkix.AlgorithmIdentifier
	Encryption pkix.AlgorithmIdentifier
}

var oidPBES2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}

// Decrypt returns the PKCS #8 key, in DER, that der holds in encrypted form. Its
// content is not checked: see cbc.Decrypt on what that means for the passphrase.
// A nil error comes with non-empty output only by the same chance.
func Decrypt(der, passphrase []byte) ([]byte, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("%w: the key takes more than %d bytes", ErrUnsupported, MaxSize)
	}
	var key encryptedKey
	if err := unmarshal(der, &key); err != nil {
		return nil, err
	}
	if !key.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("%w: scheme %v is not PBES2", ErrUnsupported, key.Algorithm.Algorithm)
	}
	var params parameters
	if err := unmarshal(key.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	scheme, iv, err := parseEncryption(params.Encryption)
	if err != nil {
		return nil, err
	}
	secret, err := derive(params.Derivation, passphrase, scheme.keySize)
	if err != nil {
		return nil, err
	}
	block, err := scheme.newBlock(secret)
	if err != nil {
		return nil, ErrDecrypt
	}
	plain, ok := cbc.Decrypt(block, iv, key.Data)
	if !ok {
		return nil, ErrDecrypt
	}
	return plain, nil
}

// unmarshal takes der to hold one value and nothing after it.
func unmarshal(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err != nil || len(rest) > 0 {
		return ErrDecrypt
	}
	return nil
}
