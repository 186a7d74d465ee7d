package smstest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
)

// KeyFormat is how a private key is written in PEM.
type KeyFormat int

const (
	// Traditional is RSA PRIVATE KEY (PKCS #1) or EC PRIVATE KEY (SEC 1). Ed25519
	// has no such form and is written as PKCS8.
	Traditional KeyFormat = iota
	// PKCS8 is PRIVATE KEY, whatever the kind.
	PKCS8
)

// KeyEncryption is whether the task's passphrase is needed to read its keys.
type KeyEncryption int

const (
	// Unencrypted keys have a passphrase all the same, which nothing needs.
	Unencrypted KeyEncryption = iota
	// RFC1423 is openssl's traditional encryption, here AES-256-CBC, with its
	// parameters in the headers of the PEM block.
	RFC1423
	// PBES2 is ENCRYPTED PRIVATE KEY (PKCS #8), here PBKDF2 with HMAC-SHA-256 and
	// AES-256-CBC. It makes Format PKCS8.
	PBES2
)

// encodeKey writes key as PEM.
func encodeKey(key crypto.Signer, m Material, passphrase string) string {
	if m.Encryption == PBES2 {
		m.Format = PKCS8
	}
	block := encodeBlock(key, m.Format)
	switch m.Encryption {
	case RFC1423:
		//nolint:staticcheck // old openssl keys are what the option is for
		block = must(x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte(passphrase), x509.PEMCipherAES256))
	case PBES2:
		block = &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: encryptPBES2(block.Bytes, passphrase)}
	case Unencrypted:
	}
	return string(pem.EncodeToMemory(block))
}

func encodeBlock(key crypto.Signer, format KeyFormat) *pem.Block {
	if format == Traditional {
		switch key := key.(type) {
		case *rsa.PrivateKey:
			return &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
		case *ecdsa.PrivateKey:
			return &pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(key))}
		}
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))}
}

// iterations is what openssl uses: enough for keys that protect nothing.
const iterations = 2048

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	PRF        pkix.AlgorithmIdentifier
}

type pbes2Params struct{ Derivation, Encryption algorithm }

type algorithm struct {
	Algorithm  asn1.ObjectIdentifier
	Parameters any
}

type encryptedKey struct {
	Algorithm struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters pbes2Params
	}
	Data []byte
}

func encryptPBES2(der []byte, passphrase string) []byte {
	salt, iv := randomBytes(16), randomBytes(aes.BlockSize)
	secret := must(pbkdf2.Key(sha256.New, passphrase, salt, iterations, 32))
	block := must(aes.NewCipher(secret))
	padding := aes.BlockSize - len(der)%aes.BlockSize
	data := append([]byte(nil), der...)
	for range padding {
		data = append(data, byte(padding))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)

	var key encryptedKey
	key.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13} // PBES2
	key.Algorithm.Parameters = pbes2Params{
		Derivation: algorithm{
			asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, // PBKDF2
			pbkdf2Params{salt, iterations, pkix.AlgorithmIdentifier{
				Algorithm:  asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, // HMAC-SHA-256
				Parameters: asn1.NullRawValue,
			}},
		},
		Encryption: algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, iv}, // AES-256-CBC
	}
	key.Data = data
	return must(asn1.Marshal(key))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return b
}
