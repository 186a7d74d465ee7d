package profile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/profile"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := profile.Parse("\uFEFF# comment\r\n\r\n[ basic ]\r\nak=AK\r\n sk = a=b; #c \r\n; another\n[global]\nempty =\n[none]")
	require.NoError(t, err)
	assert.Equal(t, map[string]map[string]string{
		"basic":  {"ak": "AK", "sk": "a=b; #c"},
		"global": {"empty": ""},
		"none":   {},
	}, got)
	got, err = profile.Parse("")
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestParseNamesTheLineAndDoesNotQuoteIt(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"[basic]\nCANARY":               "line 2: neither",
		"[basic]\n=CANARY":              "line 2: neither",
		"sk = CANARY":                   "line 1: a key before",
		"[CANARY":                       "line 1: not a section",
		"[]":                            "line 1: not a section",
		"[a]b]":                         "line 1: not a section",
		"[a]\n[a]":                      "line 2: a section that has come before",
		"[a]\nsk = CANARY\nsk = CANARY": "line 3: a key that has come before",
		"[a]\nsk = CANARY\xff":          "not a text file",
		"[a]\nsk = CANARY\x00":          "not a text file",
	} {
		_, err := profile.Parse(text)
		require.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "CANARY")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[global]\nak = AK\nsk = SK\n[basic]\n# comment\n")
	f.Add("\uFEFF[a]\r\nb = c = d\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		sections, err := profile.Parse(text)
		if err != nil {
			if sections != nil || len(err.Error()) > 100 {
				t.Fatal("half a file, or an error that quotes it")
			}
			return
		}
		for _, section := range sections {
			for key, value := range section {
				if !strings.Contains(text, key) || !strings.Contains(text, value) {
					t.Fatalf("%q or %q stands nowhere in the file", key, value)
				}
			}
		}
	})
}
