package printable_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"example.com/huaweicloud/sms/internal/printable"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                             "",
		"plain text":                   "plain text",
		"权限不足":                         "权限不足",
		"a\r\nb\tc\x00":                `a\r\nb\tc\x00`,
		"\x1b[31mred":                  `\x1b[31mred`,
		"\u202eevil":                   `\u202eevil`,
		"\xff\xfe":                     `\xff\xfe`,
		`quote " and \`:                `quote " and \`,
		"exactly 20 bytes 20":          "exactly 20 bytes 20",
		"longer than the twenty bytes": "longer than the t...",
		"ééééééééééééé":                "éééééééé...",
	} {
		assert.Equal(t, want, printable.Line(in, 20))
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b\n\u2028\xff", 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 3 + limit&0xff
		line := printable.Line(text, limit)
		assert.LessOrEqual(t, len(line), limit)
		assert.True(t, utf8.ValidString(line))
		for _, r := range line {
			assert.True(t, strconv.IsPrint(r))
		}
		assert.Equal(t, line, printable.Line(line, limit), "a line is a line")
		if !strings.HasSuffix(line, "...") {
			assert.GreaterOrEqual(t, len(line), len(text)-3*strings.Count(text, "\u2028"))
		}
	})
}
