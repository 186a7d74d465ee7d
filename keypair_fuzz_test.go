package sms_test

import (
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// sampleKeys are keys of every form and encryption, in PEM.
func sampleKeys(tb testing.TB) []string {
	tb.Helper()
	var samples []string
	for _, room := range []string{"pbes2", "rfc1423"} {
		text, err := os.ReadFile(filepath.Join("internal", room, "testdata", "keys.pem"))
		require.NoError(tb, err)
		samples = append(samples, strings.SplitAfter(string(text), "PRIVATE KEY-----\n")...)
	}
	return samples
}

// What reading material may allocate in all, in bytes, however hostile it is: the
// limit of scrypt, which pbes2 checks before it works, and something for text of a megabyte.
const (
	scryptBound = 160 << 20
	textBound   = 64 << 20
)

// allocated returns how many bytes f allocates. Nothing else must run.
func allocated(f func()) uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(samples)
	before := samples[0].Value.Uint64()
	f()
	metrics.Read(samples)
	return samples[0].Value.Uint64() - before
}

func FuzzPrivateKey(f *testing.F) {
	for _, key := range sampleKeys(f) {
		f.Add(key, "correct")
		f.Add(key, "")
	}
	cert := newAuthority(f, "fuzz", nil).pem()
	f.Fuzz(func(t *testing.T, key, pass string) {
		var err error
		bytes := allocated(func() {
			_, err = sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(key)}.TLSCertificate(sms.NewSecret(pass))
		})
		if bytes > scryptBound+textBound {
			t.Fatalf("reading a key of %d bytes allocated %d", len(key), bytes)
		}
		if _, ok := errors.AsType[*sms.MaterialError](err); !ok {
			t.Fatalf("no key but a fresh one belongs to the certificate: %v", err)
		}
		if len(pass) > 8 && strings.Contains(err.Error(), pass) && !strings.Contains("private_key wrong passphrase or damaged", pass) {
			t.Fatalf("the error quotes the passphrase: %v", err)
		}
	})
}

func FuzzChain(f *testing.F) {
	ca := newAuthority(f, "root", nil)
	m := material(f, newAuthority(f, "middle", ca))
	f.Add(m.Cert+m.CA+ca.pem(), ca.pem())
	f.Add(ca.pem()+m.CA+m.Cert, m.CA)
	f.Add(m.TargetDataCert, strings.ReplaceAll(ca.pem(), "\n", "\r\n "))
	f.Fuzz(func(t *testing.T, chain, root string) {
		fuzzed := *m
		fuzzed.Cert, fuzzed.TargetDataCert, fuzzed.CA = chain, chain, root
		bytes := allocated(func() {
			_ = fuzzed.Verify(sms.Secret{}, time.Now())
			_, _ = fuzzed.SourceTLS(sms.Secret{})
			_, _ = fuzzed.SourceTLS(sms.Secret{}, sms.PinTarget())
			_, _ = fuzzed.TargetDataTLS(sms.Secret{}, sms.PinTarget())
		})
		if bytes > 4*textBound {
			t.Fatalf("four readings of %d bytes allocated %d", len(chain)+len(root), bytes)
		}
	})
}

// What is hostile and long costs no more memory than what is honest and long, and
// BenchmarkHostileKeys says what it costs in time.
func TestHostileKeysCostLittle(t *testing.T) { //nolint:paralleltest // it measures the process
	cert := newAuthority(t, "task", nil).pem()
	for name, text := range hostileKeys() {
		var err error
		bytes := allocated(func() {
			_, err = sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(text)}.TLSCertificate(sms.NewSecret("x"))
		})
		require.Error(t, err, name)
		assert.Less(t, bytes, uint64(textBound), name)
	}
}

func BenchmarkHostileKeys(b *testing.B) {
	cert := newAuthority(b, "task", nil).pem()
	for name, text := range hostileKeys() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(text)}.TLSCertificate(sms.NewSecret("x"))
			}
		})
	}
}

func hostileKeys() map[string]string {
	huge := func(bits int) string { // an RSA key whose numbers are all ones, and no primes
		ones := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
		root := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits/2)), big.NewInt(1))
		der, err := asn1.Marshal(struct {
			Version                   int
			N, E, D, P, Q, Dp, Dq, Qi *big.Int
		}{0, ones, big.NewInt(65537), ones, root, root, root, root, root})
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: der}))
	}
	return map[string]string{
		"many beginnings":    strings.Repeat("-----BEGIN PRIVATE KEY-----\n", 40_000)[:1<<20],
		"many empty blocks":  strings.Repeat("-----BEGIN A-----\n-----END A-----\n", 30_000),
		"many headers":       strings.Repeat("a:b\n", 1<<18),
		"many block headers": "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("a: b\n", 200_000) + "-----END PRIVATE KEY-----\n",
		"a long block":       "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIII", 1<<17) + "\n-----END PRIVATE KEY-----\n",
		"no primes":          huge(8192),
		"too many bits":      huge(100_000),
	}
}
