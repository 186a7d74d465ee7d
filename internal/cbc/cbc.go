// Package cbc undoes what password-based encryption of private keys uses
// throughout: a block cipher in CBC mode with PKCS #7 padding.
package cbc

import (
	"bytes"
	"crypto/cipher"
)

// Decrypt returns the plaintext of data and whether lengths and padding are
// right. With a wrong key they are, by chance, about once in 256 times: true does
// not prove the key. The time it takes depends on the padding, so it is for data
// at rest and not for messages of a peer that can watch.
func Decrypt(block cipher.Block, iv, data []byte) (plain []byte, ok bool) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, false
	}
	plain = make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > size {
		return nil, false
	}
	body, tail := plain[:len(plain)-padding], plain[len(plain)-padding:]
	return body, bytes.Count(tail, tail[:1]) == padding
}
