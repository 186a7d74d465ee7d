package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/wire"
)

func TestParseDenied(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"You do not have permission to perform action sms:server:getCert on resource sms::1:server:2.": {"sms:server:getCert", "sms::1:server:2"},
		"No permission to perform action sts::decode.":                                                 {"sts::decode", ""},
		"perform action a on resource":                                                                 {"a", ""},
		"perform action a on resource ":                                                                {"a", ""},
		"perform action ":                                                                              {"", ""},
		"perform action a:b, and more":                                                                 {"a:b", ""},
		"something else":                                                                               {"", ""},
		"":                                                                                             {"", ""},
	} {
		action, resource := wire.ParseDenied(text)
		assert.Equal(t, want, [2]string{action, resource}, text)
	}
}

func TestParseDenial(t *testing.T) {
	t.Parallel()
	got, err := wire.ParseDenial([]byte(`{"decoded_message":"{\"failure\":\"implicit deny\",\"context\":{\"action\":\"a\"},\"new\":1}"}`))
	require.NoError(t, err)
	assert.Equal(t, wire.Denial{
		Failure: "implicit deny", Context: map[string]any{"action": "a"},
		Message: `{"failure":"implicit deny","context":{"action":"a"},"new":1}`,
	}, got)
	got, err = wire.ParseDenial([]byte(`{"decoded_message":"{\"failure\":1,\"context\":[]}"}`))
	require.NoError(t, err)
	assert.Equal(t, wire.Denial{Message: `{"failure":1,"context":[]}`}, got, "what is not as expected stays in Message")
	for _, body := range []string{``, `{}`, `{"decoded_message":""}`, `{"decoded_message":"null"}`, `{"decoded_message":1}`, `{"decoded_message":"[]"}`, `{"decoded_message":"no JSON"}`} {
		_, err := wire.ParseDenial([]byte(body))
		require.ErrorContains(t, err, "decoded_message", body)
	}
}

func FuzzDenial(f *testing.F) {
	f.Add([]byte(`{"decoded_message":"{\"failure\":\"implicit deny\"}"}`))
	f.Add([]byte(`to perform action sms:server:getCert on resource sms::1:server:2.`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if denial, err := wire.ParseDenial(body); (err == nil) != (denial.Message != "") {
			t.Fatalf("half a denial, or a whole one with %v", err)
		}
		_, _ = wire.ParseDenied(string(body))
	})
}
