package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms/internal/wire"
)

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"token":{"expires_at":"2020-01-04T09:05:22.701000Z","catalog":[]}}`: "2020-01-04T09:05:22.701000Z",
		`{"token":{}}`:                 "",
		`{"token":{"expires_at":17}}`:  "",
		`{"token":[]}`:                 "",
		`<html>`:                       "",
		``:                             "",
		`{"token":{"EXPIRES_AT":"x"}}`: "",
	} {
		assert.Equal(t, want, wire.TokenExpiry([]byte(body)), body)
	}
}

func TestParseDomains(t *testing.T) {
	t.Parallel()
	got, err := wire.ParseDomains([]byte(`{"domains":[{"id":"1","name":"one","enabled":true},{"id":"2"}],"links":{}}`))
	require.NoError(t, err)
	assert.Equal(t, []wire.Domain{{ID: "1", Name: "one"}, {ID: "2"}}, got)
	for _, body := range []string{``, `[]`, `{"domains":{}}`, `{"domains":[1]}`, `{"domains":[]} {}`} {
		_, err := wire.ParseDomains([]byte(body))
		require.Error(t, err, body)
	}
}

func TestParseTemporaryKeyReadsBothSpellings(t *testing.T) {
	t.Parallel()
	want := wire.TemporaryKey{Access: "AK", Secret: "SK", SecurityToken: "ST", ExpiresAt: "when"}
	for _, body := range []string{
		`{"credential":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"when"}}`,
		`{"credentials":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"when"}}`,
		`{"credentials":{"accessKeyId":"AK","secretAccessKey":"SK","securityToken":"ST","expiration":"when","other":1}}`,
		`{"credential":{"access":"AK","secretAccessKey":"SK","securityToken":"ST","expires_at":"when"},"credentials":null,"error_code":""}`,
	} {
		got, err := wire.ParseTemporaryKey([]byte(body))
		require.NoError(t, err, body)
		assert.Equal(t, want, got)
	}
	for body, says := range map[string]string{
		`{}`:                 "credential is missing",
		`{"credentials":{}}`: "access key is missing",
		`{"credential":{"access":"AK1","secret":"SKCANARY","securitytoken":"ST"},"credentials":{"access":"AK2"}}`: "may be two keys",
		`{"credential":{"access":"AK1","accessKeyId":"AK2","secret":"SKCANARY","securitytoken":"ST"}}`:            "two values for one field",
		`{"error_code":"X.1","credential":{"access":"AK1","secret":"SKCANARY","securitytoken":"ST"}}`:             "error_code",
		`{"credential":{"access":"AK","securitytoken":"ST"}}`:                                                     "secret access key is missing",
		`{"credential":{"access":"AK","secret":"SK"}}`:                                                            "security token is missing",
		`{"credential":{"access":["AK"],"secret":"SK","securitytoken":"ST"}}`:                                     "not the documented",
		`{"credential":{"access":"AK","access":"AK","secret":"SKCANARY","securitytoken":"STCANARY"}}`:             "not the documented",
		`{"credential":{"access":"AK","secret":"SKCANARY","securitytoken":"STCANARY"}} trailing`:                  "not the documented",
		`null`: "missing",
	} {
		_, err := wire.ParseTemporaryKey([]byte(body))
		require.ErrorContains(t, err, says, body)
		assert.NotContains(t, err.Error(), "CANARY")
	}
}

func FuzzIAMAnswers(f *testing.F) {
	f.Add([]byte(`{"token":{"expires_at":"2020-01-04T09:05:22.701000Z"}}`))
	f.Add([]byte(`{"domains":[{"id":"1","name":"one"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_ = wire.TokenExpiry(body)
		if domains, err := wire.ParseDomains(body); err != nil && domains != nil {
			t.Fatal("half an answer")
		}
	})
}

func FuzzTemporaryKey(f *testing.F) {
	f.Add([]byte(`{"credential":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"when"}}`))
	f.Add([]byte(`{"credentials":{"accessKeyId":"AK","secretAccessKey":"SK","securityToken":"ST","expiration":"when"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		key, err := wire.ParseTemporaryKey(body)
		whole := key.Access != "" && key.Secret != "" && key.SecurityToken != ""
		if whole != (err == nil) {
			t.Fatalf("half a key, or a whole one with %v", err)
		}
	})
}
