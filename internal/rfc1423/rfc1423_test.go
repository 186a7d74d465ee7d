package rfc1423_test

import (
	_ "embed"
	"encoding/pem"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/rfc1423"
)

//go:embed testdata/keys.pem
var keysPEM string

// keys returns the blocks of keysPEM by the line before each.
func keys(tb testing.TB) map[string]*pem.Block {
	tb.Helper()
	named := make(map[string]*pem.Block)
	rest := keysPEM
	for rest != "" {
		name, text, found := strings.Cut(rest, "\n")
		require.True(tb, found)
		block, after := pem.Decode([]byte(text))
		require.NotNil(tb, block)
		named[name], rest = block, string(after)
	}
	return named
}

func TestWhatOpensslWritesIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	all := keys(t)
	require.Len(t, slices.Collect(maps.Keys(all)), 12)
	for name, block := range all {
		kind, rest, _ := strings.Cut(name, " ")
		if rest == "plain" {
			assert.False(t, rfc1423.Encrypted(block))
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.True(t, rfc1423.Encrypted(block))
			got, err := rfc1423.Decrypt(block, []byte("correct"))
			if strings.HasPrefix(rest, "unsupported") {
				require.ErrorIs(t, err, rfc1423.ErrUnsupported)
				return
			}
			require.NoError(t, err)
			plain := all[kind+" plain"].Bytes
			assert.Equal(t, plain, got)

			noisy := 0
			for i := range 2000 {
				noise, err := rfc1423.Decrypt(block, []byte("wrong"+strconv.Itoa(i)))
				if err == nil {
					noisy++
					assert.NotEqual(t, plain, noise)
				} else {
					require.ErrorIs(t, err, rfc1423.ErrDecrypt)
				}
			}
			assert.NotZero(t, noisy, "what the documentation warns of has been seen")
		})
	}
}

func TestDamagedHeadersAreAnError(t *testing.T) {
	t.Parallel()
	good := keys(t)["EC aes128"]
	for name, header := range map[string]string{
		"missing":             "",
		"without an IV":       "AES-128-CBC",
		"with an empty IV":    "AES-128-CBC,",
		"with half an IV":     "AES-128-CBC,0011223344556677",
		"with too long an IV": "AES-128-CBC," + strings.Repeat("00", 17),
		"with no hexadecimal": "AES-128-CBC," + strings.Repeat("zz", 16),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := &pem.Block{Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": header}, Bytes: good.Bytes}
			_, err := rfc1423.Decrypt(block, []byte("correct"))
			require.ErrorIs(t, err, rfc1423.ErrDecrypt)
		})
	}
	for n := range good.Bytes {
		_, err := rfc1423.Decrypt(&pem.Block{Headers: good.Headers, Bytes: good.Bytes[:n]}, []byte("correct"))
		if n%16 != 0 {
			require.ErrorIs(t, err, rfc1423.ErrDecrypt, "cut after %d bytes", n)
		}
	}
	_, err := rfc1423.Decrypt(&pem.Block{Headers: good.Headers, Bytes: make([]byte, rfc1423.MaxSize+16)}, nil)
	require.ErrorIs(t, err, rfc1423.ErrUnsupported)
}
