package blot_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/blot"
)

func setOf(values ...string) *blot.Set {
	s := new(blot.Set)
	s.Add(values...)
	return s
}

// Every way in which a text may write a credential, with text around it that stays.
func TestEveryEncodingIsCleared(t *testing.T) {
	t.Parallel()
	const value = `Pa"ss\w+rd/9<&'é>, of 40 characters and more`
	mustJSON := func(s string) string {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		return strings.Trim(string(text), `"`)
	}
	unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(mustJSON(value))
	for name, echo := range map[string]string{
		"raw":                       value,
		"twice":                     value + value,
		"JSON":                      unescaped,
		"JSON with HTML escaped":    mustJSON(value),
		"JSON in ASCII":             strings.ReplaceAll(unescaped, "é", `\u00e9`),
		"JSON with escaped slashes": strings.ReplaceAll(unescaped, "/", `\/`),
		"Go":                        strings.Trim(fmt.Sprintf("%q", value), `"`),
		"a query":                   url.QueryEscape(value),
		"a query in small letters":  strings.NewReplacer("%5C", "%5c", "%2B", "%2b", "%2F", "%2f", "%3C", "%3c", "%3E", "%3e", "%2C", "%2c", "%C3%A9", "%c3%a9").Replace(url.QueryEscape(value)),
		"a path":                    url.PathEscape(value),
		"HTML":                      html.EscapeString(value),
		"HTML by name":              strings.ReplaceAll(html.EscapeString(value), "&#34;", "&quot;"),
		"XML":                       strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(html.EscapeString(value)),
		"hexadecimal entities":      strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(value)),
		"JSON of other libraries":   strings.NewReplacer(`"`, `\u0022`, "+", `\u002B`, "'", `\u0027`, "&", `\u0026`, "<", `\u003C`, "é", `\u00E9`, ">", `\u003E`, `\`, `\\`).Replace(value),
		"a query, twice":            url.QueryEscape(url.QueryEscape(value)),
		"a path, twice":             url.PathEscape(url.PathEscape(value)),
		"JSON in JSON":              mustJSON(mustJSON(value)),
		"JavaScript's component":    strings.NewReplacer("+", "%20", "%27", "'").Replace(url.QueryEscape(value)),
		"Python's quote":            strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(value)),
		"numbered entities":         strings.NewReplacer("/", "&#x2F;", "+", "&#43;", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "<", "&lt;", ">", "&gt;").Replace(value),
		"hex":                       hex.EncodeToString([]byte(value)),
		"capital hex":               strings.ToUpper(hex.EncodeToString([]byte(value))),
		"base64":                    base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 of URLs":            base64.URLEncoding.EncodeToString([]byte(value)),
	} {
		got := setOf("another", value).Clean("before " + echo + " behind")
		assert.Regexp(t, `^before (\[REDACTED\])+ behind$`, got, name)
	}
}

// A credential in the base64 of a longer text, as in a header of basic
// authentication, leaves less than five bytes of it behind.
func TestACredentialInsideOfBase64IsCleared(t *testing.T) {
	t.Parallel()
	const value = "correct horse battery staple"
	for before := range 7 {
		for behind := range 4 {
			text := base64.StdEncoding.EncodeToString([]byte("user:x"[:min(before, 6)] + value + ":/-"[:min(behind, 3)]))
			got := setOf(value).Clean(text)
			assert.Contains(t, got, blot.Mark)
			for rest := range strings.SplitSeq(got, blot.Mark) {
				assert.LessOrEqual(t, len(rest), 12, text)
			}
		}
	}
}

// Whatever stretch of 16 characters or more of any form of a credential a text
// holds, none of 16 is left of it.
func TestEveryLongPartIsCleared(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[draw.IntN(64)]
		}
		return string(b)
	}
	for range 2000 {
		value := letters(16 + draw.IntN(200))
		form := []string{value, hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value))}[draw.IntN(3)]
		from := draw.IntN(len(form) - 15)
		piece := form[from : from+16+draw.IntN(len(form)-from-15)]
		before, behind := letters(draw.IntN(40))+"#", "#"+letters(draw.IntN(40))
		assert.Equal(t, before+blot.Mark+behind, setOf(value).Clean(before+piece+behind))
		short := form[from : from+15]
		if len(form) >= 16 && short != value {
			assert.Equal(t, before+short+behind, setOf(value).Clean(before+short+behind), "15 may be a coincidence")
		}
	}
}

func TestWhatIsNoCredentialStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "abc", "the quick brown fox jumps over the lazy dog", strings.Repeat("a", 1<<16)} {
		assert.Equal(t, text, setOf().Clean(text))
		assert.Equal(t, text, setOf("abc", "", "correct horse battery staple").Clean(text), "3 characters are not a credential")
	}
}

func TestAMonotonousCredentialIsCleared(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"a", "ab", "abc", "abcdefgh", "abcdefghi"} {
		value := strings.Repeat(pattern, 16<<10/len(pattern))
		assert.NotContains(t, setOf(value).Clean(strings.Repeat(pattern, 64<<10/len(pattern))), strings.Repeat(pattern, 16/len(pattern)+1))
	}
}

// What a refused call costs: a token of 16 KB against a long and a short text.
func BenchmarkClean(b *testing.B) {
	token := make([]byte, 12<<10)
	draw := rand.NewChaCha8([32]byte{})
	_, _ = draw.Read(token)
	value := base64.StdEncoding.EncodeToString(token)
	for name, text := range map[string]string{
		"short": "You do not have permission to perform action sms:server:getCert on resource sms::0123456789abcdef:server:task.",
		"long":  strings.Repeat("0123456789abcdef", 4096),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				setOf(value).Clean(text)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("correct horse battery", "staple correct horse battery staple")
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaa", "baaaaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Add(`pass"word`, `{"password":"pass\"word"}`)
	f.Fuzz(func(t *testing.T, value, text string) {
		if len(value) < 4 || strings.ContainsAny(value, "[]") || strings.Contains(blot.Mark, value) {
			t.Skip("not told from the mark")
		}
		got := setOf(value).Clean(text)
		if strings.Contains(got, value) {
			t.Fatalf("%q is left in %q", value, got)
		}
		for i := 0; i+16 <= len(value); i++ {
			if strings.Contains(got, value[i:i+16]) {
				t.Fatalf("a part of %q is left in %q", value, got)
			}
		}
	})
}
