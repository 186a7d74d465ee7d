package sms_test

import (
	"crypto"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// change is something that happens to a pair's texts on the way. other is a pair
// of another key, and chain the issuers of the leaf.
type change struct {
	harmless bool
	apply    func(pair, other sms.KeyPair, chain string) sms.KeyPair
}

// changes are what PEM texts go through, and what is wrong with them.
func changes() map[string]change {
	texts := func(f func(string) string) func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
		return func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: f(pair.Cert), PrivateKey: sms.NewSecret(f(pair.PrivateKey.Reveal()))}
		}
	}
	key := func(f func(string) string) func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
		return func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: pair.Cert, PrivateKey: sms.NewSecret(f(pair.PrivateKey.Reveal()))}
		}
	}
	cert := func(f func(string) string) func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
		return func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: f(pair.Cert), PrivateKey: pair.PrivateKey}
		}
	}
	half := func(s string) string { return s[:len(s)/2] }
	return map[string]change{
		"as it is":         {true, texts(func(s string) string { return s })},
		"CRLF":             {true, texts(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })},
		"no final newline": {true, texts(strings.TrimSpace)},
		"blank lines":      {true, texts(func(s string) string { return "\n\n  \n" + s + "\n\n" })},
		"text around":      {true, texts(func(s string) string { return "Bag Attributes\n  friendlyName: x\n" + s + "the end\n" })},
		"a chain of 5": {true, func(pair, _ sms.KeyPair, chain string) sms.KeyPair {
			return sms.KeyPair{Cert: pair.Cert + chain, PrivateKey: pair.PrivateKey}
		}},
		"a chain of 5 upside down": {true, func(pair, _ sms.KeyPair, chain string) sms.KeyPair {
			return sms.KeyPair{Cert: chain + pair.Cert, PrivateKey: pair.PrivateKey}
		}},
		"truncated key":         {false, key(half)},
		"truncated certificate": {false, cert(half)},
		"bad base64 in the key": {false, key(func(s string) string {
			body := strings.LastIndex(s, "\n\n") + 1 // behind the headers of RFC 1423
			if body == 0 {
				body = strings.Index(s, "\n")
			}
			return s[:body+4] + "!" + s[body+5:]
		})},
		"bad base64 in the certificate": {false, cert(func(s string) string { return strings.Replace(s, "M", "!", 1) })},
		"the certificate as the key": {false, func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: pair.Cert, PrivateKey: sms.NewSecret(pair.Cert)}
		}},
		"the key as the certificate": {false, func(pair, _ sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: pair.PrivateKey.Reveal(), PrivateKey: pair.PrivateKey}
		}},
		"no key":         {false, key(func(string) string { return "" })},
		"no certificate": {false, cert(func(string) string { return "" })},
		"another's certificate": {false, func(pair, other sms.KeyPair, _ string) sms.KeyPair {
			return sms.KeyPair{Cert: other.Cert, PrivateKey: pair.PrivateKey}
		}},
	}
}

// Every kind of key, however it is encrypted, with the right, a wrong and no
// passphrase, after everything that may happen to its text.
func TestTheVerdictOnEveryKey(t *testing.T) {
	t.Parallel()
	right, wrong, none := sms.NewSecret("correct"), sms.NewSecret("wrong"), sms.Secret{}
	var issuers []*authority
	chain := ""
	for i := range 4 {
		var parent *authority
		if i > 0 {
			parent = issuers[i-1]
		}
		issuers = append(issuers, newAuthority(t, "CA "+string(rune('1'+i)), parent))
		chain = issuers[i].pem() + chain
	}
	ca := issuers[3]
	other := sms.KeyPair{}
	other.Cert, other.PrivateKey = ca.pair(t, leafFor("other"))
	var cells atomic.Int64
	t.Cleanup(func() { t.Logf("%d verdicts", cells.Load()) })

	for kind, private := range keyKinds(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			certificate, plain := ca.issue(t, leafFor("leaf"), private), keyPEM(t, private).Reveal()
			keys := map[string]string{"plain": plain}
			for name, command := range encryptions(kind) {
				keys[name] = openssl(t, plain, command...)
			}
			for encryption, text := range keys {
				pair := sms.KeyPair{Cert: certificate, PrivateKey: sms.NewSecret(text)}
				for name, change := range changes() {
					changed := change.apply(pair, other, chain)
					for passName, pass := range map[string]sms.Secret{"right": right, "wrong": wrong, "none": none} {
						cells.Add(1)
						got, err := changed.TLSCertificate(pass)
						what := strings.Join([]string{encryption, name, passName}, ", ")
						opens := encryption == "plain" || passName == "right"
						switch {
						case change.harmless && opens:
							require.NoError(t, err, what)
							same, ok := private.(interface {
								Equal(key crypto.PrivateKey) bool
							})
							require.True(t, ok)
							require.True(t, same.Equal(got.PrivateKey), what)
							require.Equal(t, "leaf", got.Leaf.Subject.CommonName, what)
							continue
						case change.harmless && passName == "wrong":
							require.ErrorIs(t, err, sms.ErrWrongPassphrase, what)
						case change.harmless:
							require.ErrorIs(t, err, sms.ErrPassphraseRequired, what)
						case name == "another's certificate" && opens:
							require.ErrorIs(t, err, sms.ErrKeyMismatch, what)
						}
						var defect *sms.MaterialError
						require.ErrorAs(t, err, &defect, what)
						require.NotEmpty(t, defect.Field, what)
						require.Empty(t, got.Certificate, what)
						require.Nil(t, got.PrivateKey, what)
					}
				}
			}
		})
	}
}

func TestADSAKeyIsUnsupportedAndStillThere(t *testing.T) {
	t.Parallel()
	params := openssl(t, "", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024")
	file := writeFile(t, "params", params)
	key := openssl(t, "", "genpkey", "-paramfile", file)
	encrypted := openssl(t, key, "pkcs8", "-topk8", "-passout", "pass:correct")
	for _, text := range []string{key, encrypted} {
		pair := sms.KeyPair{Cert: newAuthority(t, "task", nil).pem(), PrivateKey: sms.NewSecret(text)}
		_, err := pair.TLSCertificate(sms.NewSecret("correct"))
		require.ErrorIs(t, err, sms.ErrUnsupportedKey)
		assert.Equal(t, text, pair.PrivateKey.Reveal())
	}
}
