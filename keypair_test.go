package sms_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// openssl runs the command on input and returns what it writes. Where there is none
// the test is skipped, but not in CI, which sets REQUIRE_TOOLS.
func openssl(tb testing.TB, input string, args ...string) string {
	tb.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("REQUIRE_TOOLS") == "" {
		tb.Skip("this test compares with openssl: apt-get install openssl")
	}
	require.NoError(tb, err)
	command := exec.CommandContext(tb.Context(), path, args...)
	command.Stdin = strings.NewReader(input)
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(tb, err, "openssl %s: %s", strings.Join(args, " "), stderr.String())
	return string(output)
}

// encryptions are openssl commands that encrypt a key with the passphrase "correct".
func encryptions(kind string) map[string][]string {
	commands := make(map[string][]string)
	ciphers := []string{"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc"}
	for _, prf := range []string{
		"hmacWithMD5", "hmacWithSHA1", "hmacWithSHA224", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512",
		"hmacWithSHA512-224", "hmacWithSHA512-256",
	} {
		for _, cipher := range ciphers {
			commands[prf+" "+cipher] = []string{"pkcs8", "-topk8", "-v2", cipher, "-v2prf", prf, "-passout", "pass:correct"}
		}
	}
	for _, cipher := range ciphers {
		commands["scrypt "+cipher] = []string{"pkcs8", "-topk8", "-scrypt", "-v2", cipher, "-passout", "pass:correct"}
		switch {
		case strings.HasPrefix(kind, "RSA"):
			commands["RFC 1423 "+cipher] = []string{"rsa", "-traditional", "-" + cipher, "-passout", "pass:correct"}
		case strings.HasPrefix(kind, "P-"):
			commands["RFC 1423 "+cipher] = []string{"ec", "-" + cipher, "-passout", "pass:correct"}
		}
	}
	return commands
}

func TestTheLargestRSAKey(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "keys", name))
		require.NoError(t, err)
		return string(text)
	}
	cert, plain := read("rsa8192.crt"), read("rsa8192.key")
	pass := sms.NewSecret("correct")
	for _, key := range []string{
		plain,
		openssl(t, plain, "pkcs8", "-topk8", "-passout", "pass:correct"),
		openssl(t, plain, "rsa", "-traditional", "-aes256", "-passout", "pass:correct"),
	} {
		pair, err := sms.KeyPair{Cert: cert, PrivateKey: sms.NewSecret(key)}.TLSCertificate(pass)
		require.NoError(t, err)
		assert.Equal(t, 8192, pair.PrivateKey.(*rsa.PrivateKey).N.BitLen())
	}
}

func TestWrongPassphrasesThatYieldNoise(t *testing.T) {
	t.Parallel()
	ca, key := newAuthority(t, "task", nil), newECKey(t)
	encrypted := sms.NewSecret(openssl(t, keyPEM(t, key).Reveal(), "ec", "-aes-128-cbc", "-passout", "pass:correct"))
	pair := sms.KeyPair{Cert: ca.issue(t, leafFor("leaf"), key), PrivateKey: encrypted}
	for i := range 3000 {
		_, err := pair.TLSCertificate(sms.NewSecret(strings.Repeat("w", i%200) + string(rune('a'+i/200))))
		require.ErrorIs(t, err, sms.ErrWrongPassphrase)
	}
}

func TestFormsOfPEM(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "root", nil)
	middle := newAuthority(t, "middle", root)
	key := newECKey(t)
	leaf, private := middle.issue(t, leafFor("leaf"), key), keyPEM(t, key).Reveal()
	for name, test := range map[string]struct {
		cert, key string
		fails     bool
		want      error
	}{
		"as it is":                   {cert: leaf, key: private},
		"CRLF":                       {cert: strings.ReplaceAll(leaf, "\n", "\r\n"), key: strings.ReplaceAll(private, "\n", "\r\n")},
		"blanks before BEGIN":        {cert: "  \t" + leaf, key: "\n  " + private},
		"blank lines":                {cert: strings.ReplaceAll(leaf, "\n", "\n\n"), key: private},
		"no final newline":           {cert: strings.TrimSpace(leaf), key: strings.TrimSpace(private)},
		"text before BEGIN":          {cert: "Bag Attributes\n    friendlyName: x\n" + leaf, key: "key: \n" + private},
		"a byte order mark":          {cert: "\ufeff" + leaf, key: private},
		"a chain":                    {cert: leaf + middle.pem() + root.pem(), key: private},
		"a chain upside down":        {cert: root.pem() + middle.pem() + leaf, key: private},
		"the leaf twice":             {cert: leaf + leaf, key: private},
		"key and certificate in one": {cert: leaf + private, key: leaf + private},
		"the key of the chain's CA":  {cert: leaf + middle.pem(), key: keyPEM(t, middle.key).Reveal(), fails: true, want: sms.ErrKeyMismatch},
		"truncated certificate":      {cert: leaf[:len(leaf)/2], key: private, fails: true},
		"truncated chain":            {cert: leaf + middle.pem()[:100], key: private, fails: true},
		"truncated key":              {cert: leaf, key: private[:len(private)/2], fails: true},
		"bad base64":                 {cert: strings.Replace(leaf, "M", "!", 1), key: private, fails: true},
		"fields swapped":             {cert: private, key: leaf, fails: true},
		"empty":                      {fails: true},
		"no PEM":                     {cert: "certificate", key: "key", fails: true},
		"giant":                      {cert: strings.Repeat(leaf, 1<<20/len(leaf)+1), key: private, fails: true},
		"a long chain":               {cert: strings.Repeat(leaf, 1000), key: private, fails: true},
		"two keys":                   {cert: leaf, key: private + private, fails: true},
		"a DSA block": {
			cert: leaf, key: string(pem.EncodeToMemory(&pem.Block{Type: "DSA PRIVATE KEY", Bytes: []byte{1}})),
			fails: true, want: sms.ErrUnsupportedKey,
		},
		"a damaged plain key": {
			cert: leaf, key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})), fails: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, err := sms.KeyPair{Cert: test.cert, PrivateKey: sms.NewSecret(test.key)}.TLSCertificate(sms.Secret{})
			if !test.fails {
				require.NoError(t, err)
				assert.Equal(t, "leaf", pair.Leaf.Subject.CommonName)
				assert.Equal(t, pair.Leaf.Raw, pair.Certificate[0])
				if len(pair.Certificate) > 1 {
					assert.Equal(t, middle.cert.Raw, pair.Certificate[1])
				}
				return
			}
			var material *sms.MaterialError
			require.ErrorAs(t, err, &material)
			assert.NotEmpty(t, material.Field)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
		})
	}
}

func TestKindsThatTLSCannotUseAreUnsupported(t *testing.T) {
	t.Parallel()
	leaf := newAuthority(t, "task", nil).pem()
	for name, command := range map[string][]string{
		"secp256k1": {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
		"P-224":     {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"},
		"explicit":  {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"},
		"X25519":    {"genpkey", "-algorithm", "X25519"},
		"Ed448":     {"genpkey", "-algorithm", "ED448"},
		"RSA 512":   {"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512"},
		"RSA-PSS":   {"genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"},
	} {
		key := sms.NewSecret(openssl(t, "", command...))
		_, err := sms.KeyPair{Cert: leaf, PrivateKey: key}.TLSCertificate(sms.Secret{})
		require.ErrorIs(t, err, sms.ErrUnsupportedKey, name)
	}
}

func TestVerifyFindsEveryDefectAndNamesItsField(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "task", nil)
	require.NoError(t, material(t, ca).Verify(sms.Secret{}, time.Now()))
	require.NoError(t, material(t, ca).Verify(sms.Secret{}, time.Time{}))

	late := material(t, ca).Verify(sms.Secret{}, time.Now().Add(48*time.Hour))
	early := material(t, ca).Verify(sms.Secret{}, time.Now().Add(-48*time.Hour))
	for _, field := range []string{"ca: ", "sms: cert: ", "target_mgmt_cert: ", "target_data_cert: "} {
		require.ErrorContains(t, late, field)
		require.ErrorContains(t, early, field)
	}
	require.ErrorContains(t, late, "expired")
	require.ErrorContains(t, early, "not valid before")

	broken := material(t, ca)
	broken.PrivateKey = broken.TargetDataPrivateKey
	broken.TargetMgmtCert = material(t, newAuthority(t, "other", nil)).TargetMgmtCert
	broken.TargetDataCert = broken.CA + "\n-----BEGIN "
	err := broken.Verify(sms.Secret{}, time.Now())
	require.ErrorIs(t, err, sms.ErrKeyMismatch)
	require.ErrorContains(t, err, "sms: private_key: ")
	require.ErrorContains(t, err, "sms: target_mgmt_private_key: ")
	require.ErrorContains(t, err, "sms: target_mgmt_cert: the chain does not reach the CA")
	require.ErrorContains(t, err, "sms: target_data_cert: ")

	swapped := material(t, ca)
	swapped.Cert, swapped.TargetDataCert = swapped.TargetDataCert, swapped.Cert
	swapped.PrivateKey, swapped.TargetDataPrivateKey = swapped.TargetDataPrivateKey, swapped.PrivateKey
	require.ErrorContains(t, swapped.Verify(sms.Secret{}, time.Now()), "look swapped")

	half := material(t, ca)
	half.TargetDataPrivateKey = sms.Secret{}
	require.ErrorContains(t, half.Verify(sms.Secret{}, time.Now()), "sms: target_data_private_key: empty")

	weak := material(t, ca)
	key := openssl(t, "", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
	block, _ := pem.Decode([]byte(key))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	weak.Cert = ca.issue(t, leafFor("weak", x509.ExtKeyUsageClientAuth), parsed.(crypto.Signer))
	weak.PrivateKey = sms.NewSecret(key)
	require.ErrorContains(t, weak.Verify(sms.Secret{}, time.Now()), "weak key")
}
