package pbes2_test

import (
	"crypto/x509/pkix"
	_ "embed"
	"encoding/asn1"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/pbes2"
)

//go:embed testdata/keys.pem
var keysPEM string

// keys returns the blocks of keysPEM by the line before each.
func keys(tb testing.TB) map[string][]byte {
	tb.Helper()
	named := make(map[string][]byte)
	rest := keysPEM
	for rest != "" {
		name, text, found := strings.Cut(rest, "\n")
		require.True(tb, found)
		block, after := pem.Decode([]byte(text))
		require.NotNil(tb, block)
		named[name], rest = block.Bytes, string(after)
	}
	return named
}

func TestWhatOpensslWritesIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	all := keys(t)
	require.Len(t, slices.Collect(maps.Keys(all)), 44)
	for name, der := range all {
		if name == "plain" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := pbes2.Decrypt(der, []byte("correct"))
			if strings.HasPrefix(name, "unsupported") {
				require.ErrorIs(t, err, pbes2.ErrUnsupported)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, all["plain"], got)

			if noise, err := pbes2.Decrypt(der, []byte("wrong")); err == nil {
				assert.NotEqual(t, all["plain"], noise)
			} else {
				require.ErrorIs(t, err, pbes2.ErrDecrypt)
			}
		})
	}
}

func TestDamagedInputIsAnError(t *testing.T) {
	t.Parallel()
	good := keys(t)["hmacWithSHA256 aes-256-cbc"]
	for n := range good {
		_, err := pbes2.Decrypt(good[:n], []byte("correct"))
		require.ErrorIs(t, err, pbes2.ErrDecrypt, "cut after %d bytes", n)
	}
	_, err := pbes2.Decrypt(append(slices.Clip(good), 0), []byte("correct"))
	require.ErrorIs(t, err, pbes2.ErrDecrypt, "a byte too many")
	_, err = pbes2.Decrypt(make([]byte, pbes2.MaxSize+1), []byte("correct"))
	require.ErrorIs(t, err, pbes2.ErrUnsupported)
}

type pbkdf2Params struct {
	Salt                  []byte
	Iterations, KeyLength int
	PRF                   pkix.AlgorithmIdentifier
}

type scryptParams struct {
	Salt    []byte
	N, R, P int
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidSHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}
	oidAES256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

func identifier(tb testing.TB, oid asn1.ObjectIdentifier, params any) pkix.AlgorithmIdentifier {
	tb.Helper()
	der, err := asn1.Marshal(params)
	require.NoError(tb, err)
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: der}}
}

// key returns a key of 64 random-looking bytes under a derivation.
func key(tb testing.TB, derivation pkix.AlgorithmIdentifier) []byte {
	tb.Helper()
	der, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{
		identifier(tb, oidPBES2, struct{ Derivation, Encryption pkix.AlgorithmIdentifier }{
			derivation, identifier(tb, oidAES256, make([]byte, 16)),
		}),
		make([]byte, 64),
	})
	require.NoError(tb, err)
	return der
}

func TestHostileParametersAreRefusedBeforeAnyWork(t *testing.T) {
	t.Parallel()
	prf := pkix.AlgorithmIdentifier{Algorithm: oidSHA512}
	salt := make([]byte, 16)
	for name, test := range map[string]struct {
		derivation pkix.AlgorithmIdentifier
		want       error
	}{
		"iterations above the limit":  {identifier(t, oidPBKDF2, pbkdf2Params{salt, pbes2.MaxIterations + 1, 32, prf}), pbes2.ErrUnsupported},
		"iterations of the largest":   {identifier(t, oidPBKDF2, pbkdf2Params{salt, 1<<63 - 1, 32, prf}), pbes2.ErrUnsupported},
		"no iterations":               {identifier(t, oidPBKDF2, pbkdf2Params{salt, 0, 32, prf}), pbes2.ErrDecrypt},
		"negative iterations":         {identifier(t, oidPBKDF2, pbkdf2Params{salt, -1, 32, prf}), pbes2.ErrDecrypt},
		"a key of another length":     {identifier(t, oidPBKDF2, pbkdf2Params{salt, 1, 1 << 40, prf}), pbes2.ErrDecrypt},
		"a pseudo-random stranger":    {identifier(t, oidPBKDF2, pbkdf2Params{salt, 1, 32, pkix.AlgorithmIdentifier{Algorithm: oidAES256}}), pbes2.ErrUnsupported},
		"a derivation of its own":     {identifier(t, oidAES256, salt), pbes2.ErrUnsupported},
		"scrypt of 1 GiB":             {identifier(t, oidScrypt, scryptParams{salt, 1 << 20, 8, 1}), pbes2.ErrUnsupported},
		"scrypt with many lanes":      {identifier(t, oidScrypt, scryptParams{salt, 2, 1, 1 << 30}), pbes2.ErrUnsupported},
		"scrypt with wide blocks":     {identifier(t, oidScrypt, scryptParams{salt, 2, 1 << 30, 1}), pbes2.ErrUnsupported},
		"scrypt whose work overflows": {identifier(t, oidScrypt, scryptParams{salt, 1 << 62, 1 << 62, 1 << 62}), pbes2.ErrUnsupported},
		"scrypt with an odd cost":     {identifier(t, oidScrypt, scryptParams{salt, 3, 8, 1}), pbes2.ErrDecrypt},
		"scrypt with no lanes":        {identifier(t, oidScrypt, scryptParams{salt, 2, 8, 0}), pbes2.ErrDecrypt},
		"scrypt with negative blocks": {identifier(t, oidScrypt, scryptParams{salt, 2, -8, 1}), pbes2.ErrDecrypt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pbes2.Decrypt(key(t, test.derivation), []byte("correct"))
			require.ErrorIs(t, err, test.want) // and not the error of a key that was derived
		})
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, der := range keys(f) {
		f.Add(der, []byte("correct"))
	}
	f.Fuzz(func(_ *testing.T, der, passphrase []byte) {
		_, _ = pbes2.Decrypt(der, passphrase)
	})
}
