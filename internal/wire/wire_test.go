package wire_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/wire"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	material := wire.CertKey{CA: "1", Cert: "2\n", PrivateKey: "3\"é\u2028", TargetMgmtCert: "4", TargetMgmtPrivateKey: "5", TargetDataCert: "6", TargetDataPrivateKey: "7"}
	body, err := json.Marshal(material)
	require.NoError(t, err)
	gotMaterial, err := wire.ParseCertKey(body)
	require.NoError(t, err)
	assert.Equal(t, material, gotMaterial)

	pass := wire.Passphrase{TaskID: "t", Passphrase: " p "}
	body, err = json.Marshal(pass)
	require.NoError(t, err)
	gotPass, err := wire.ParsePassphrase(body)
	require.NoError(t, err)
	assert.Equal(t, pass, gotPass)

	refusal := wire.Error{Code: "c", Message: "m", RequestID: "r", EncodedAuthorizationMessage: "e", ErrorParam: []string{"p"}, Details: []wire.Detail{{Code: "dc", Message: "dm"}}}
	body, err = json.Marshal(refusal)
	require.NoError(t, err)
	gotRefusal, ok := wire.ParseError(body)
	assert.True(t, ok)
	assert.Equal(t, refusal, gotRefusal)
}

func TestWhatIsReadOutlivesTheBuffer(t *testing.T) {
	t.Parallel()
	body := []byte(`{"cert":"certificate","private_key":"key","error_code":null}`)
	got, err := wire.ParseCertKey(body)
	require.NoError(t, err)
	clear(body)
	assert.Equal(t, wire.CertKey{Cert: "certificate", PrivateKey: "key"}, got)
}

// A certificate's text is printed freely: what is not one alone is not the answer.
func TestAPrivateKeyAmongTheCertificatesIsRefused(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"ca", "cert", "target_mgmt_cert", "target_data_cert"} {
		for _, kind := range []string{"PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"} {
			answer := map[string]string{"cert": "C", "private_key": "K"}
			answer[field] = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN " + kind + "-----\nCANARY\n-----END " + kind + "-----\n"
			body, err := json.Marshal(answer)
			require.NoError(t, err)
			_, err = wire.ParseCertKey(body)
			require.ErrorContains(t, err, field+" holds a private key")
			assert.NotContains(t, err.Error(), "CANARY")
		}
	}
}

// Whatever one byte more, less or other makes of an answer: it is read as the JSON
// library's strict decoder reads it, by the short way for what the service writes or not.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"ca":"A\nB","cert":"C\n","private_key":"K"}`,
		` { "cert" : "C" , "target_mgmt_cert" : "\n" , "private_key" : "KKKKKKKKK" } ` + "\n",
		`{"cert":"\u0043","private_key":"é","x":[{}]}`,
	} {
		for at := range len(body) {
			sameVerdict(t, body[:at]+body[at+1:])
			for c := range 256 {
				sameVerdict(t, body[:at]+string([]byte{byte(c)})+body[at+1:])
				sameVerdict(t, body[:at]+string([]byte{byte(c)})+body[at:])
			}
		}
	}
	for _, body := range []string{
		`{"cert":"C","cert":"C","private_key":"K"}`, `{"cert":"","cert":"C","private_key":"K"}`,
		`{"cert":"C","private_key":"K","ca":"","ca":""}`, `{"cert":"C","private_key":"K",}`, `{,"cert":"C","private_key":"K"}`,
		`{"cert":"C","private_key":"K"}{}`, `{"cert":"C\`, `{"cert":"C\"`, `{"cert":"C","private_key":"K\n\"}`, `{}`, `{`, ``,
		"{\"cert\":\"12345678\x1f\",\"private_key\":\"K\"}", "{\"cert\":\"\x7f\",\"private_key\":\"K\"}", "{\"cert\":\"1234\x80678\",\"private_key\":\"K\"}",
	} {
		sameVerdict(t, body)
	}
}

func TestAPassphraseMustBeThere(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"task_id":"t"}`, `{"task_id":"t","passphrase":null}`, `{"passphrase":"p","error_code":"SMS.1"}`, `{}`, `{"passphrase":1}`} {
		_, err := wire.ParsePassphrase([]byte(body))
		require.Error(t, err, body)
	}
	got, err := wire.ParsePassphrase([]byte(`{"passphrase":""}`))
	require.NoError(t, err)
	assert.Equal(t, wire.Passphrase{}, got)
}

func sameVerdict(t *testing.T, body string) {
	t.Helper()
	var want struct {
		wire.CertKey
		Refusal jsontext.Value `json:"error_code"`
	}
	err := json.Unmarshal([]byte(body), &want)
	good := err == nil && want.Cert != "" && want.PrivateKey != "" && want.Refusal == nil
	got, err := wire.ParseCertKey([]byte(body))
	if (err == nil) != good || good && got != want.CertKey {
		t.Fatalf("%q: %v, %+v", body, err, got)
	}
}

func FuzzParseCertKey(f *testing.F) {
	f.Add([]byte(`{"cert":"C","private_key":"K","ca":null,"x":[{}]}`))
	f.Add([]byte(`{"cert":"C","cert":"C","private_key":"K"}`))
	f.Add([]byte(`{"cert":"\ud83d\ude00","private_key":"\u0000"} `))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.ParseCertKey(body)
		if err != nil {
			assertQuotesNothing(t, err, body)
			assert.Zero(t, got)
			return
		}
		assert.NotEmpty(t, got.Cert)
		assert.NotEmpty(t, got.PrivateKey)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		reread, err := wire.ParseCertKey(again)
		require.NoError(t, err)
		assert.Equal(t, got, reread)
		var oracle wire.CertKey // the library's own strict decoder agrees
		require.NoError(t, json.Unmarshal(body, &oracle))
		assert.Equal(t, oracle, got)
	})
}

func FuzzParsePassphrase(f *testing.F) {
	f.Add([]byte(`{"task_id":"t","passphrase":" p\t"}`))
	f.Add([]byte(`{"passphrase":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := wire.ParsePassphrase(body)
		if err != nil {
			assertQuotesNothing(t, err, body)
			return
		}
		var oracle wire.Passphrase
		require.NoError(t, json.Unmarshal(body, &oracle))
		assert.Equal(t, oracle, got)
	})
}

func FuzzParseError(f *testing.F) {
	f.Add([]byte(`{"error_code":"SMS.9004","error_msg":"m","error_param":["p",1],"details":[{"error_code":"c"},"s",[[]]]}`))
	f.Add([]byte(`{"error":{"code":401,"message":"m","title":"t","error":{"error":{}}}}`))
	f.Add([]byte(`{"errorCode":1e999,"details":{"error_msg":"x`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, ok := wire.ParseError(body)
		assert.Equal(t, ok, got.Code != "" || got.Message != "")
		size := len(got.Code) + len(got.Message) + len(got.EncodedAuthorizationMessage)
		assert.LessOrEqual(t, size, 3*len(body), "no text is longer than what it came from, replacement characters apart")
	})
}

// assertQuotesNothing fails where an error repeats a stretch of the body.
func assertQuotesNothing(t *testing.T, err error, body []byte) {
	t.Helper()
	text := err.Error()
	for i := 0; i+12 <= len(body); i++ {
		if part := string(body[i : i+12]); strings.Contains(text, part) && !strings.Contains("private_key is not a valid string passphrase target_mgmt_private_key target_data_private_key target_mgmt_cert target_data_cert", part) {
			t.Fatalf("the error %q quotes the body", text)
		}
	}
}
