package sms_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/davecgh/go-spew/spew"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"example.com/huaweicloud/sms"
)

// The canaries: no output may show one, in any encoding.
const (
	canaryKey      = "-----BEGIN RSA PRIVATE KEY-----\nMIIcanaryPRIVATEkey+/==\n-----END RSA PRIVATE KEY-----\n"
	canaryPass     = `canary "pass" <phrase> ü`
	canarySK       = "canarySecretAccessKey/0123456789+abc"
	canarySecToken = "canarySecurityToken==/0123456789"
)

func canaries() []string {
	return []string{canaryKey, canaryPass, canaryToken, canarySK, canarySecToken, "MIIcanaryPRIVATEkey+/=="}
}

// leaks returns the canary that text shows, raw or encoded, or "".
func leaks(text string) string {
	squeezed := strings.NewReplacer("\n", "", " ", "", "|", "").Replace(text)
	for _, secret := range canaries() {
		jsonForm, _ := json.Marshal(secret)
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(jsonForm), `"`), fmt.Sprintf("%q", secret),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
			hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
			fmt.Sprint(string([]byte(secret))), fmt.Sprintf("% x", secret), fmt.Sprintf("%#v", []byte(secret)),
			htmltemplate.HTMLEscapeString(secret),
		} {
			if strings.Contains(text, form) || strings.Contains(squeezed, strings.NewReplacer("\n", "", " ", "").Replace(form)) {
				return secret
			}
		}
	}
	return ""
}

// channel is one way by which a value can be shown.
type channel struct {
	name string
	show func(v any) string
}

func channels() []channel {
	list := []channel{
		{"Sprint", func(v any) string { return fmt.Sprint(v) }},
		{"Sprintln", func(v any) string { return fmt.Sprintln(v) }},
		{"Errorf %w", func(v any) string { return fmt.Sprintf("%+v", fmt.Errorf("wrapped: %v", v)) }},
		{"log", func(v any) string { return captured(func(w io.Writer) { log.New(w, "", 0).Print(v) }) }},
		{"slog text", func(v any) string {
			return captured(func(w io.Writer) { slog.New(slog.NewTextHandler(w, nil)).Info("m", "v", v, slog.Group("g", "v", v)) })
		}},
		{"slog JSON", func(v any) string {
			return captured(func(w io.Writer) { slog.New(slog.NewJSONHandler(w, nil)).Info("m", "v", v, "list", []any{v}) })
		}},
		{"json", func(v any) string { b, err := json.Marshal(v); return string(b) + fmt.Sprint(err) }},
		{"json in a map", func(v any) string {
			b, err := json.MarshalIndent(map[string]any{"v": v}, "", " ")
			return string(b) + fmt.Sprint(err)
		}},
		{"json v2", func(v any) string { b, err := jsonv2.Marshal(v); return string(b) + fmt.Sprint(err) }},
		{"xml", func(v any) string { b, err := xml.Marshal(v); return string(b) + fmt.Sprint(err) }},
		{"gob", func(v any) string {
			return captured(func(w io.Writer) { _, _ = fmt.Fprint(w, gob.NewEncoder(w).Encode(v)) })
		}},
		{"yaml", func(v any) string {
			return recovered(func() string { b, err := yaml.Marshal(v); return string(b) + fmt.Sprint(err) })
		}},
		{"text template", func(v any) string {
			return captured(func(w io.Writer) { _ = template.Must(template.New("").Parse(`{{.}} {{printf "%#v" .}}`)).Execute(w, v) })
		}},
		{"html template", func(v any) string {
			return captured(func(w io.Writer) {
				_ = htmltemplate.Must(htmltemplate.New("").Parse(`{{.}}<script>let x = {{.}}</script>`)).Execute(w, v)
			})
		}},
		{"spew", func(v any) string { return spew.Sdump(v) }},
		{"spew without methods", func(v any) string {
			c := spew.ConfigState{Indent: " ", DisableMethods: true, DisablePointerMethods: true, SpewKeys: true}
			return c.Sdump(v)
		}},
		{"testify diff", func(v any) string {
			var out recordingT
			assert.Equal(&out, "something else", v)
			assert.Nil(&out, v)
			return string(out)
		}},
		{"panic", func(v any) string { return recovered(func() string { panic(v) }) }},
		{"reflection", func(v any) string { return walk(reflect.ValueOf(v), 0) }},
	}
	for _, verb := range "vsqxXdobtcUeEfFgGpTw" {
		for _, flags := range []string{"", "+", "#", "-40", "040", " ", ".3", "+#"} {
			format := "%" + flags + string(verb)
			list = append(list, channel{format, func(v any) string { return fmt.Sprintf(format, v) }})
		}
	}
	return list
}

func captured(write func(io.Writer)) string {
	var b bytes.Buffer
	write(&b)
	return b.String()
}

func recovered(f func() string) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprintf("%v %+v", r, r)
		}
	}()
	return f()
}

type recordingT []byte

func (r *recordingT) Errorf(format string, args ...any) { *r = fmt.Appendf(*r, format, args...) }

// walk collects every string and byte slice that reflection reaches, unexported fields included.
func walk(v reflect.Value, depth int) string {
	if depth > 12 || !v.IsValid() {
		return ""
	}
	var b strings.Builder
	switch v.Kind() {
	case reflect.String:
		return v.String() + "\n"
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return walk(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			b.WriteString(walk(field, depth+1))
		}
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			b.WriteString(walk(iter.Key(), depth+1) + walk(iter.Value(), depth+1))
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			return string(v.Bytes()) + "\n"
		}
		for i := range min(v.Len(), 64) {
			b.WriteString(walk(v.Index(i), depth+1))
		}
	}
	return b.String()
}

// secretBearers returns every exported value that holds a secret, also after it was used.
func secretBearers(t *testing.T) map[string]any {
	t.Helper()
	material := &sms.CertKey{
		Cert: "C", PrivateKey: sms.NewSecret(canaryKey), CA: "A",
		TargetMgmtCert: "MC", TargetMgmtPrivateKey: sms.NewSecret(canaryKey),
		TargetDataCert: "DC", TargetDataPrivateKey: sms.NewSecret(canaryKey),
	}
	key := sms.AccessKey{ID: "AKID", Secret: sms.NewSecret(canarySK), SecurityToken: sms.NewSecret(canarySecToken), DomainID: "domain"}
	pass := &sms.Passphrase{TaskID: taskID, Passphrase: sms.NewSecret(canaryPass)}
	secret := sms.NewSecret(canaryKey)

	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump, _ := httputil.DumpRequest(r, true)
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{"error_code": "E", "error_msg": string(dump), "error_param": r.Header["Authorization"]})
	}))
	t.Cleanup(echo.Close)
	tokenClient, err := sms.NewClient(echo.URL, sms.StaticToken(canaryToken), sms.WithInsecureHTTP())
	require.NoError(t, err)
	t.Cleanup(tokenClient.CloseIdleConnections)
	_, tokenRefused := tokenClient.ShowCertKey(t.Context(), taskID)
	require.ErrorIs(t, tokenRefused, sms.ErrForbidden)
	keyClient, err := sms.NewClient(echo.URL, sms.StaticAccessKey(key), sms.WithInsecureHTTP())
	require.NoError(t, err)
	t.Cleanup(keyClient.CloseIdleConnections)
	_, keyRefused := keyClient.ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, keyRefused, sms.ErrForbidden)
	_, badToken := sms.NewClient(echo.URL, sms.StaticToken(canaryToken+"\n"))
	require.Error(t, badToken)

	return map[string]any{
		"Secret": secret, "*Secret": &secret, "CertKey": *material, "*CertKey": material, "[]*CertKey": []*sms.CertKey{material},
		"map of Secret": map[string]sms.Secret{"k": secret}, "struct with unexported Secret": struct{ hidden sms.Secret }{secret},
		"Passphrase": *pass, "*Passphrase": pass, "AccessKey": key, "StaticToken": sms.StaticToken(canaryToken),
		"StaticAccessKey": sms.StaticAccessKey(key), "client with a token": tokenClient, "client with a key": keyClient,
		"refusal of a token": tokenRefused, "refusal of a key": keyRefused, "cause of a refusal": errors.Unwrap(keyRefused),
		"error about a token": badToken,
	}
}

func TestNoSecretLeavesThroughAnyPrinter(t *testing.T) {
	t.Parallel()
	bearers, ways := secretBearers(t), channels()
	for name, value := range bearers {
		for _, way := range ways {
			if secret := leaks(way.show(value)); secret != "" {
				t.Errorf("%s shows a secret through %s", name, way.name)
			}
		}
	}
	t.Logf("%d values x %d channels x %d canaries", len(bearers), len(ways), len(canaries()))
}

// planted has what a careless model would have: a plain string.
type planted struct{ PrivateKey string }

func (p planted) Error() string { return p.PrivateKey }

func TestTheProbeFindsAPlantedSecretInEveryChannel(t *testing.T) {
	t.Parallel()
	blind := map[byte]bool{'p': true, 'T': true, 't': true} // these verbs show no content of a struct that is an error, or none at all
	for _, way := range channels() {
		if strings.HasPrefix(way.name, "%") && (blind[way.name[len(way.name)-1]] || strings.Contains(way.name, ".3")) {
			continue
		}
		assert.NotEmpty(t, leaks(way.show(planted{canaryToken})), way.name)
	}
	for _, secret := range canaries() {
		assert.NotEmpty(t, leaks("x "+base64.StdEncoding.EncodeToString([]byte(secret))))
		assert.NotEmpty(t, leaks(fmt.Sprintf("%x", secret)))
		assert.NotEmpty(t, leaks(hex.Dump([]byte(secret))+secret))
	}
}

func TestACrashShowsNoSecret(t *testing.T) {
	t.Parallel()
	if os.Getenv("SMS_TEST_CRASH") != "" {
		var client = secretBearers(t)["client with a key"]
		panic(fmt.Sprintf("%+v %#v", client, secretBearers(t)["*CertKey"]))
	}
	crash := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestACrashShowsNoSecret$")
	crash.Env = append(os.Environ(), "SMS_TEST_CRASH=1", "GOTRACEBACK=system")
	out, err := crash.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: ")
	assert.Empty(t, leaks(string(out)))
}

func TestSecret(t *testing.T) {
	t.Parallel()
	var zero sms.Secret
	assert.True(t, zero.IsZero())
	assert.True(t, sms.NewSecret("").IsZero())
	assert.Empty(t, zero.Reveal())
	assert.Empty(t, zero.String())
	assert.Equal(t, "||", fmt.Sprintf("|%v|", zero))
	secret := sms.NewSecret(canaryPass)
	assert.False(t, secret.IsZero())
	assert.Equal(t, canaryPass, secret.Reveal())
	assert.True(t, secret.Equal(sms.NewSecret(canaryPass)))
	assert.False(t, secret.Equal(sms.NewSecret(canaryPass+"x")))
	assert.False(t, secret.Equal(zero))
	assert.True(t, zero.Equal(sms.NewSecret("")))
	assert.Equal(t, "[REDACTED]", secret.String())
	assert.Equal(t, "[REDACTED]", fmt.Sprintf("%x", secret))
	assert.Equal(t, "[REDACTED]", secret.GoString())
}

func TestASecretIsReadFromTextAndJSON(t *testing.T) {
	t.Parallel()
	var read struct{ A, B, C sms.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"A":"a\u00e9\n","B":"","C":null}`), &read))
	assert.Equal(t, "aé\n", read.A.Reveal())
	assert.True(t, read.B.IsZero())
	assert.True(t, read.C.IsZero())
	require.NoError(t, read.C.UnmarshalText([]byte("text")))
	assert.Equal(t, "text", read.C.Reveal())

	printed, err := json.Marshal(read)
	require.NoError(t, err)
	assert.JSONEq(t, `{"A":"[REDACTED]","B":"","C":"[REDACTED]"}`, string(printed))
	require.ErrorContains(t, json.Unmarshal(printed, &read), "printed form", "a marshalled copy is not a key")
	for _, bad := range []string{`{"A":7}`, `{"A":["` + canaryToken + `"]}`, `{"A":"\ud800` + canaryToken + `"}`} {
		err := jsonv2.Unmarshal([]byte(bad), &read)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), canaryToken)
	}
	require.Error(t, read.A.UnmarshalJSON([]byte(`"cut short`)))
	require.Error(t, read.A.UnmarshalText([]byte("[REDACTED]")))
	assert.Equal(t, "aé\n", read.A.Reveal(), "a refused value changes nothing")
}

func TestAMarshalledCertKeyCannotBeReadBackAsKeys(t *testing.T) {
	t.Parallel()
	printed, err := json.Marshal(&sms.CertKey{Cert: "C", PrivateKey: sms.NewSecret("K")})
	require.NoError(t, err)
	assert.Contains(t, string(printed), `"cert":"C","private_key":"[REDACTED]","ca":""`)
	require.Error(t, json.Unmarshal(printed, &sms.CertKey{}))
	var read sms.CertKey
	require.NoError(t, json.Unmarshal([]byte(certKeyBody), &read), "an answer that was stored as it came can be")
	assert.Equal(t, "DK", read.TargetDataPrivateKey.Reveal())
}
