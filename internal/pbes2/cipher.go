package pbes2

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

type scheme struct {
	keySize  int
	newBlock func(key []byte) (cipher.Block, error)
}

// cipherOf returns the scheme that oid names. RC2 and single DES, which PBES2 allows,
// protect nothing any more and are left out.
func cipherOf(oid asn1.ObjectIdentifier) (scheme, bool) {
	switch oid.String() {
	case "2.16.840.1.101.3.4.1.2":
		return scheme{16, aes.NewCipher}, true
	case "2.16.840.1.101.3.4.1.22":
		return scheme{24, aes.NewCipher}, true
	case "2.16.840.1.101.3.4.1.42":
		return scheme{32, aes.NewCipher}, true
	case "1.2.840.113549.3.7":
		return scheme{24, des.NewTripleDESCipher}, true
	default:
		return scheme{}, false
	}
}

func parseEncryption(id pkix.AlgorithmIdentifier) (scheme, []byte, error) {
	found, ok := cipherOf(id.Algorithm)
	if !ok {
		return scheme{}, nil, fmt.Errorf("%w: cipher %v is none of AES-CBC and DES-EDE3-CBC", ErrUnsupported, id.Algorithm)
	}
	var iv []byte
	if err := unmarshal(id.Parameters.FullBytes, &iv); err != nil {
		return scheme{}, nil, err
	}
	return found, iv, nil
}
