package sdkhmac_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/sdkhmac"
)

// vector is one published example.
type vector struct {
	ID        string            `json:"id"`
	AK        string            `json:"ak"`
	SK        string            `json:"sk"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Date      string            `json:"date"`
	Headers   map[string]string `json:"headers"`
	Body      string            `json:"body"`
	Canonical string            `json:"canonical"`
	Hash      string            `json:"canonical_sha256"`
	ToSign    string            `json:"sts"`
	Signature string            `json:"signature"`
}

func TestThePublishedVectors(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../testdata/signing-vectors.json")
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.Len(t, vectors, 4)
	for _, v := range vectors {
		u, err := url.Parse(v.URL)
		require.NoError(t, err)
		req := sdkhmac.Request{Method: v.Method, Path: u.EscapedPath(), Query: u.RawQuery, BodyHash: sdkhmac.HashBody([]byte(v.Body))}
		for name, value := range v.Headers {
			req.Headers = append(req.Headers, sdkhmac.Header{Name: name, Value: value})
		}
		sdkhmac.SortHeaders(req.Headers)
		assert.Equal(t, v.Canonical, string(req.Canonical()), v.ID)
		assert.Equal(t, v.Hash, sdkhmac.HashBody(req.Canonical()), v.ID)
		assert.Equal(t, v.ToSign, req.StringToSign(v.Date), v.ID)
		assert.Equal(t, v.Signature, req.Signature(v.SK, v.Date), v.ID)
		assert.Equal(t, "SDK-HMAC-SHA256 Access="+v.AK+", SignedHeaders="+req.SignedHeaders()+", Signature="+v.Signature,
			req.Authorization(v.AK, v.SK, v.Date), v.ID)
	}
}

func TestTheHashOfNoBody(t *testing.T) {
	t.Parallel()
	assert.Equal(t, sdkhmac.EmptyBodyHash, sdkhmac.HashBody(nil))
}

// crypto/hmac, fed the string to sign, makes the same signature with keys shorter
// and longer than a block.
func TestSignatureIsHMAC(t *testing.T) {
	t.Parallel()
	req := sdkhmac.Request{Method: "GET", Path: "/", BodyHash: sdkhmac.EmptyBodyHash}
	for length := range 3 * sha256.BlockSize {
		key := strings.Repeat("k\xff\x00S", length)[:length]
		want := hmac.New(sha256.New, []byte(key))
		want.Write([]byte(req.StringToSign("date")))
		assert.Equal(t, hex.EncodeToString(want.Sum(nil)), req.Signature(key, "date"), length)
	}
}

func TestSigningHardlyAllocates(t *testing.T) { //nolint:paralleltest // other tests' allocations would count
	req := sdkhmac.Request{
		Method: "GET", Path: "/v3/tasks/a/passphrase", BodyHash: sdkhmac.EmptyBodyHash,
		Headers: []sdkhmac.Header{{Name: "host", Value: "sms.test"}, {Name: "x-sdk-date", Value: "20060102T150405Z"}},
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { req.Authorization("AK", "SK", "20060102T150405Z") }), 1.0, "the result")
}

func TestCanonicalPathAndQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[[2]string]string{
		{"", ""}:                          "GET\n/\n\n",
		{"/", ""}:                         "GET\n/\n\n",
		{"/a", "b"}:                       "GET\n/a/\nb=\n",
		{"/a/", "b="}:                     "GET\n/a/\nb=\n",
		{"/a//b", "&&b=1&&a=2"}:           "GET\n/a//b/\na=2&b=1\n",
		{"/%e4%b8%80", "t=%e4%b8%80+%20"}: "GET\n/%E4%B8%80/\nt=%E4%B8%80%20%20\n",
		{"/a%2Fb", "a=%zz"}:               "GET\n/a%2Fb/\na=%25zz\n",
		{"/~-._", "b=2&b=1&a=c=d"}:        "GET\n/~-._/\na=c%3Dd&b=1&b=2\n",
		{"/p", "limit=1&enable=true&test=%E4%B8%80%20(%26%3D%3F!%23%25.*)&path=%2Ftmp%2F123&multi=3&multi=1&multi=2"}: "GET\n/p/\n" +
			"enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29\n",
	} {
		got := string(sdkhmac.Request{Method: "GET", Path: in[0], Query: in[1]}.Canonical())
		assert.Equal(t, want, got[:len(want)], in)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("GET", "/v3/tasks/a/certkey", "enable_ca_cert=true", "host", "sms.test")
	f.Add("POST", "//%2f%", "&=&a=%", "x-sdk-date", " v ")
	f.Fuzz(func(t *testing.T, method, path, query, name, value string) {
		req := sdkhmac.Request{Method: method, Path: path, Query: query, Headers: []sdkhmac.Header{{Name: name, Value: value}}, BodyHash: sdkhmac.EmptyBodyHash}
		canonical := string(req.Canonical())
		rest, ok := strings.CutPrefix(canonical, method+"\n")
		assert.True(t, ok)
		lines := strings.SplitN(rest, "\n", 3)
		require.Len(t, lines, 3)
		assert.True(t, strings.HasSuffix(lines[0], "/"), "the path ends in a slash")
		for _, line := range lines[:2] { // whatever path and query hold, they stay on their lines
			assert.Empty(t, strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%/=&"))
		}
		again := req
		again.Path, again.Query = lines[0], lines[1]
		assert.Equal(t, canonical, string(again.Canonical()), "the canonical form is its own canonical form")
		assert.Len(t, req.Signature("key", "date"), 64)
	})
}

func BenchmarkSign(b *testing.B) {
	req := sdkhmac.Request{
		Method: "GET", Path: "/v3/tasks/d7fa81b9-c174-4c0a-a475-51a54c8af8a4/certkey", Query: "enable_ca_cert=true",
		Headers:  []sdkhmac.Header{{Name: "host", Value: "sms.test"}, {Name: "x-domain-id", Value: "domain"}, {Name: "x-sdk-date", Value: "20060102T150405Z"}},
		BodyHash: sdkhmac.EmptyBodyHash,
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = req.Authorization("AK", "SK", "20060102T150405Z")
	}
}
