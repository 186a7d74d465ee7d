package pbes2

import (
	"crypto/md5" //nolint:gosec // one of the pseudo-random functions that openssl writes
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the default of RFC 8018
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

const (
	// MaxIterations bounds PBKDF2: a thousand times openssl's default of 2048, and
	// half as much again as OWASP advises for the fastest hash.
	MaxIterations = 2_000_000
	// MaxScryptMemory bounds what scrypt may take, in bytes. OWASP's strongest
	// setting takes 128 MiB, openssl's default 16 MiB.
	MaxScryptMemory = 160 << 20
	// MaxScryptWork bounds N*r*p, twice OWASP's strongest setting.
	MaxScryptWork = 1 << 21
)

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

type scryptParams struct {
	Salt                []byte
	Cost                int
	BlockSize, Parallel int
	KeyLength           int `asn1:"optional"`
}

func derive(id pkix.AlgorithmIdentifier, passphrase []byte, keySize int) ([]byte, error) {
	switch id.Algorithm.String() {
	case "1.2.840.113549.1.5.12":
		return derivePBKDF2(id.Parameters.FullBytes, passphrase, keySize)
	case "1.3.6.1.4.1.11591.4.11":
		return deriveScrypt(id.Parameters.FullBytes, passphrase, keySize)
	default:
		return nil, fmt.Errorf("%w: key derivation %v is neither PBKDF2 nor scrypt", ErrUnsupported, id.Algorithm)
	}
}

func derivePBKDF2(der, passphrase []byte, keySize int) ([]byte, error) {
	var p pbkdf2Params
	if err := unmarshal(der, &p); err != nil {
		return nil, err
	}
	newHash, ok := hashOf(p.PRF.Algorithm)
	if !ok {
		return nil, fmt.Errorf("%w: pseudo-random function %v is no HMAC over SHA-1 or SHA-2", ErrUnsupported, p.PRF.Algorithm)
	}
	if p.Iterations > MaxIterations {
		return nil, fmt.Errorf("%w: PBKDF2 with more than %d iterations", ErrUnsupported, MaxIterations)
	}
	if p.Iterations < 1 || p.KeyLength != 0 && p.KeyLength != keySize {
		return nil, ErrDecrypt
	}
	secret, err := pbkdf2.Key(newHash, string(passphrase), p.Salt, p.Iterations, keySize)
	if err != nil { // FIPS 140-only mode refuses short salts and keys
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return secret, nil
}

// hashOf returns the hash of the HMAC that oid names; PBKDF2's default without one.
func hashOf(oid asn1.ObjectIdentifier) (func() hash.Hash, bool) {
	switch oid.String() {
	case "1.2.840.113549.2.6":
		return md5.New, true
	case "", "1.2.840.113549.2.7":
		return sha1.New, true
	case "1.2.840.113549.2.8":
		return sha256.New224, true
	case "1.2.840.113549.2.9":
		return sha256.New, true
	case "1.2.840.113549.2.10":
		return sha512.New384, true
	case "1.2.840.113549.2.11":
		return sha512.New, true
	case "1.2.840.113549.2.12":
		return sha512.New512_224, true
	case "1.2.840.113549.2.13":
		return sha512.New512_256, true
	default:
		return nil, false
	}
}

func deriveScrypt(der, passphrase []byte, keySize int) ([]byte, error) {
	var p scryptParams
	if err := unmarshal(der, &p); err != nil {
		return nil, err
	}
	if p.Cost < 2 || p.Cost&(p.Cost-1) != 0 || p.BlockSize < 1 || p.Parallel < 1 ||
		p.KeyLength != 0 && p.KeyLength != keySize {
		return nil, ErrDecrypt
	}
	// Each factor is bounded before they are multiplied, which keeps the products
	// from overflowing.
	if max(p.Cost, p.BlockSize, p.Parallel) > MaxScryptWork ||
		int64(p.Cost)*int64(p.BlockSize) > MaxScryptWork ||
		int64(p.Cost)*int64(p.BlockSize)*int64(p.Parallel) > MaxScryptWork ||
		128*int64(p.BlockSize)*(int64(p.Cost)+int64(p.Parallel)+2) > MaxScryptMemory {
		return nil, fmt.Errorf("%w: scrypt that takes more than %d MiB or %d steps", ErrUnsupported, MaxScryptMemory>>20, MaxScryptWork)
	}
	secret, err := scrypt.Key(passphrase, p.Salt, p.Cost, p.BlockSize, p.Parallel, keySize)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return secret, nil
}
