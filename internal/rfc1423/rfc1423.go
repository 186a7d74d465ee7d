// Package rfc1423 opens private keys that are encrypted as a whole PEM block, in
// the traditional format of openssl that RFC 1423 began:
//
//	Proc-Type: 4,ENCRYPTED
//	DEK-Info: AES-256-CBC,<IV in hexadecimal>
//
// The standard library reads it with x509.DecryptPEMBlock, which is deprecated and
// reports noise as a key about once in 256 wrong passphrases. Here the caller is
// told so.
package rfc1423

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5" //nolint:gosec // the format derives its keys with MD5
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/huaweicloud/sms/internal/cbc"
)

// MaxSize is the largest block in bytes. An RSA key of 8192 bits takes 4.8 kB.
const MaxSize = 16 << 10

var (
	// ErrDecrypt is a passphrase that does not open the key, or a damaged key.
	ErrDecrypt = errors.New("wrong passphrase or damaged key")
	// ErrUnsupported is a cipher that this package does not know. The error that
	// wraps it says which are known.
	ErrUnsupported = errors.New("unsupported encryption")
)

const (
	procType = "Proc-Type"
	dekInfo  = "DEK-Info"
	saltSize = 8 // the salt of the key derivation is the beginning of the IV
)

// Encrypted reports whether the headers of block say that it is encrypted.
func Encrypted(block *pem.Block) bool {
	_, ok := block.Headers[dekInfo]
	return ok || strings.Contains(block.Headers[procType], "ENCRYPTED")
}

// Decrypt returns the content of block. Nothing in the format authenticates it:
// with a wrong passphrase it is noise, without an error, about once in 256 times.
// The caller must parse it before believing it.
func Decrypt(block *pem.Block, passphrase []byte) ([]byte, error) {
	if len(block.Bytes) > MaxSize {
		return nil, fmt.Errorf("%w: the key takes more than %d bytes", ErrUnsupported, MaxSize)
	}
	name, ivText, found := strings.Cut(block.Headers[dekInfo], ",")
	if !found {
		return nil, ErrDecrypt
	}
	keySize, newBlock := cipherOf(strings.ToUpper(strings.TrimSpace(name)))
	if newBlock == nil {
		return nil, fmt.Errorf("%w: the cipher of the PEM header is none of AES-128-CBC, AES-192-CBC, AES-256-CBC and DES-EDE3-CBC",
			ErrUnsupported)
	}
	iv, err := hex.DecodeString(strings.TrimSpace(ivText))
	if err != nil || len(iv) < saltSize {
		return nil, ErrDecrypt
	}
	cipherBlock, err := newBlock(deriveKey(passphrase, iv[:saltSize], keySize))
	if err != nil {
		return nil, ErrDecrypt
	}
	plain, ok := cbc.Decrypt(cipherBlock, iv, block.Bytes)
	if !ok {
		return nil, ErrDecrypt
	}
	return plain, nil
}

// cipherOf returns nil for a cipher that is not known, as single DES is not: it
// protects nothing any more.
func cipherOf(name string) (keySize int, newBlock func([]byte) (cipher.Block, error)) {
	switch name {
	case "AES-128-CBC":
		return 16, aes.NewCipher
	case "AES-192-CBC":
		return 24, aes.NewCipher
	case "AES-256-CBC":
		return 32, aes.NewCipher
	case "DES-EDE3-CBC":
		return 24, des.NewTripleDESCipher
	default:
		return 0, nil
	}
}

// deriveKey is openssl's EVP_BytesToKey with MD5 and one round.
func deriveKey(passphrase, salt []byte, size int) []byte {
	var key, digest []byte
	for len(key) < size {
		sum := md5.Sum(slices.Concat(digest, passphrase, salt)) //nolint:gosec // see the import
		digest = sum[:]
		key = append(key, digest...)
	}
	return key[:size]
}
