package smstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"fmt"
	"sync"
)

// KeyKind is the algorithm and the size of private keys.
type KeyKind int

// The kinds of private keys. RSA keys come from a small pool that is part of
// this package, as they are slow to make: they are public and worthless. Others
// are made on the spot.
const (
	RSA2048 KeyKind = iota
	RSA3072
	RSA4096
	P256
	P384
	P521
	Ed25519
)

// String returns the kind's usual name, such as "RSA 2048".
func (k KeyKind) String() string {
	names := [...]string{"RSA 2048", "RSA 3072", "RSA 4096", "P-256", "P-384", "P-521", "Ed25519"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("KeyKind(%d)", int(k))
	}
	return names[k]
}

//go:embed testdata/*.pem
var rsaKeys embed.FS

// keyring hands out private keys. Keys of the pool go round, so that one kind's
// keys come back only after all of that kind were used.
type keyring struct {
	mu   sync.Mutex
	used map[KeyKind]int
	rsa  map[KeyKind][]*pem.Block
}

func (k *keyring) next(kind KeyKind) crypto.Signer {
	switch kind {
	case RSA2048, RSA3072, RSA4096:
		return k.pooled(kind)
	case P256:
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case P384:
		return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case P521:
		return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	default:
		panic("smstest: there is no " + kind.String())
	}
}

func (k *keyring) pooled(kind KeyKind) *rsa.PrivateKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rsa == nil {
		k.rsa, k.used = map[KeyKind][]*pem.Block{}, map[KeyKind]int{}
	}
	if k.rsa[kind] == nil {
		k.rsa[kind] = readPool(kind)
	}
	blocks := k.rsa[kind]
	block := blocks[k.used[kind]%len(blocks)]
	k.used[kind]++
	return must(x509.ParsePKCS1PrivateKey(block.Bytes))
}

func readPool(kind KeyKind) []*pem.Block {
	name := map[KeyKind]string{RSA2048: "rsa2048", RSA3072: "rsa3072", RSA4096: "rsa4096"}[kind]
	var blocks []*pem.Block
	rest := must(rsaKeys.ReadFile("testdata/" + name + ".pem"))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return blocks
		}
		blocks = append(blocks, block)
	}
}
