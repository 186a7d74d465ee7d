package sms_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// refusal asks for a certificate and returns the APIError that comes of the answer.
func refusal(t *testing.T, status int, body string, headers ...string) *sms.APIError {
	t.Helper()
	_, err := mockClient(t, respond(status, body, headers...), once()).ShowCertKey(t.Context(), taskID)
	var refused *sms.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "ShowCertKey", refused.Operation)
	assert.Equal(t, status, refused.StatusCode)
	return refused
}

func TestEverySentinelMatchesItsStatusAndNoOther(t *testing.T) {
	t.Parallel()
	sentinels := []error{
		sms.ErrRedirect, sms.ErrBadRequest, sms.ErrUnauthorized, sms.ErrForbidden, sms.ErrNotFound,
		sms.ErrThrottled, sms.ErrServer, sms.ErrInvalidArgument, sms.ErrInvalidResponse, sms.ErrResponseTooLarge,
		sms.ErrAttemptTimeout, sms.ErrNoCredentials,
	}
	for status, want := range map[int]error{
		300: sms.ErrRedirect, 301: sms.ErrRedirect, 302: sms.ErrRedirect, 304: sms.ErrRedirect, 307: sms.ErrRedirect, 308: sms.ErrRedirect,
		400: sms.ErrBadRequest, 401: sms.ErrUnauthorized, 403: sms.ErrForbidden, 404: sms.ErrNotFound, 409: nil, 418: nil,
		429: sms.ErrThrottled, 500: sms.ErrServer, 501: sms.ErrServer, 502: sms.ErrServer, 503: sms.ErrServer, 505: sms.ErrServer,
		599: sms.ErrServer, 101: nil, 600: nil, 999: nil, 0: nil,
	} {
		refused := refusal(t, status, "")
		for _, sentinel := range sentinels {
			assert.Equal(t, errors.Is(want, sentinel), errors.Is(refused, sentinel), "%d is %v", status, sentinel)
		}
		assert.LessOrEqual(t, len(refused.Error()), 1024)
		assert.Contains(t, refused.Error(), "ShowCertKey")
	}
}

func TestEveryShapeOfAnErrorBodyIsRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60_000)
	for name, c := range map[string]struct {
		body    string
		headers []string
		want    sms.APIError
	}{
		"SMS":                  {body: `{"error_code":"SMS.9001","error_msg":"Invalid parameters."}`, want: sms.APIError{Code: "SMS.9001", Message: "Invalid parameters."}},
		"the gateway":          {body: `{"error_msg":"denied","error_code":"APIGW.0302","request_id":"0123abcd"}`, want: sms.APIError{Code: "APIGW.0302", Message: "denied", RequestID: "0123abcd"}},
		"header beats body id": {body: `{"error_msg":"m","request_id":"body"}`, headers: []string{"X-Request-Id", "header"}, want: sms.APIError{Message: "m", RequestID: "header"}},
		"IAM":                  {body: `{"error":{"code":403,"message":"Forbidden by IAM","title":"Forbidden"}}`, want: sms.APIError{Code: "403", Message: "Forbidden by IAM"}},
		"IAM with title alone": {body: `{"error":{"code":403,"title":"Forbidden"}}`, want: sms.APIError{Code: "403", Message: "Forbidden"}},
		"IAM trace id":         {body: `{"error_code":"IAM.0011","error_msg":"m"}`, headers: []string{"X-Iam-Trace-Id", "trace"}, want: sms.APIError{Code: "IAM.0011", Message: "m", RequestID: "trace"}},
		"camel case":           {body: `{"errorCode":"E1","errorMsg":"m"}`, want: sms.APIError{Code: "E1", Message: "m"}},
		"code and message":     {body: `{"code":"E2","message":"m"}`, want: sms.APIError{Code: "E2", Message: "m"}},
		"numeric code":         {body: `{"error_code":1109,"error_msg":"m"}`, want: sms.APIError{Code: "1109", Message: "m"}},
		"null fields":          {body: `{"error_code":null,"error_msg":null,"error_param":null,"details":null}`},
		"details an object":    {body: `{"error_code":"E","details":{"error_code":"D","error_msg":"why"}}`, want: sms.APIError{Code: "E", Details: []sms.ErrorDetail{{Code: "D", Message: "why"}}}},
		"details a string":     {body: `{"error_code":"E","details":"why"}`, want: sms.APIError{Code: "E", Details: []sms.ErrorDetail{{Message: "why"}}}},
		"details mixed":        {body: `{"error_code":"E","details":["why",7,null,{"error_msg":"m"}]}`, want: sms.APIError{Code: "E", Details: []sms.ErrorDetail{{Message: "why"}, {Message: "7"}, {Message: "m"}}}},
		"error_param a string": {body: `{"error_code":"E","error_param":"p"}`, want: sms.APIError{Code: "E", ErrorParam: []string{"p"}}},
		"long encoded message": {body: `{"error_code":"E","encoded_authorization_message":"` + long + `"}`, want: sms.APIError{Code: "E", EncodedAuthorizationMessage: long}},
		"duplicate names":      {body: `{"error_code":"E","error_msg":"m","x":1,"x":2}`, want: sms.APIError{Code: "E", Message: "m"}},
		"invalid UTF-8":        {body: "{\"error_code\":\"E\",\"error_msg\":\"a\xffb\"}", want: sms.APIError{Code: "E", Message: "a\ufffdb"}},
		"cut short":            {body: `{"error_code":"E","error_msg":"m","details":[{"error_code":"D`, want: sms.APIError{Code: "E", Message: "m"}},
		"trailing garbage":     {body: `{"error_code":"E","error_msg":"m"} <!-- proxy -->`, want: sms.APIError{Code: "E", Message: "m"}},
		"HTML":                 {body: "<html><body>Forbidden by the firewall</body></html>", headers: []string{"Content-Type", "text/html"}},
		"plain text":           {body: "Forbidden"},
		"nothing":              {},
		"an array":             {body: `[{"error_code":"E"}]`},
		"unknown encoding":     {body: "\x1b\x00", headers: []string{"Content-Encoding", "br"}},
		"Retry-After":          {headers: []string{"Retry-After", "7"}, want: sms.APIError{RetryAfter: 7 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Operation, c.want.StatusCode = "ShowCertKey", http.StatusForbidden
			assert.Equal(t, &c.want, refusal(t, http.StatusForbidden, c.body, c.headers...))
		})
	}
}

func TestTheDocumented403ArrivesWithAllItsFields(t *testing.T) {
	t.Parallel()
	for operation, call := range map[string]func(*sms.Client) error{
		"ShowCertKey":    func(c *sms.Client) error { _, err := c.ShowCertKey(t.Context(), taskID); return err },
		"ShowPassphrase": func(c *sms.Client) error { _, err := c.ShowPassphrase(t.Context(), taskID); return err },
	} {
		body, err := os.ReadFile("testdata/" + operation + "-403.json")
		require.NoError(t, err)
		err = call(mockClient(t, respond(http.StatusForbidden, string(body), "X-Request-Id", "5a5b")))
		require.ErrorIs(t, err, sms.ErrForbidden)
		var refused *sms.APIError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, operation, refused.Operation)
		assert.Equal(t, "SMS.9004", refused.Code)
		assert.Contains(t, refused.Message, "does not have the permission to execute policy")
		assert.Equal(t, "XXXXXX", refused.EncodedAuthorizationMessage)
		assert.Equal(t, []string{"You do not have permission to perform action XXX on resource XXX."}, refused.ErrorParam)
		assert.Equal(t, []sms.ErrorDetail{{Code: "SMS.9004", Message: "You do not have permission to perform action XXX on resource XXX."}}, refused.Details)
		assert.Equal(t, "5a5b", refused.RequestID)
	}
}

func TestTheDocumentedAnswersAreTaken(t *testing.T) {
	t.Parallel()
	material, err := mockClient(t, respond(http.StatusOK, documented(t, "ShowCertKey-200.json"))).ShowCertKey(t.Context(), taskID)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(material.PrivateKey.Reveal(), "-----BEGIN RSA PRIVATE KEY-----\n"))
	assert.True(t, strings.HasPrefix(material.TargetDataCert, "-----BEGIN CERTIFICATE-----\n"))
	sample := respond(http.StatusOK, documented(t, "ShowPassphrase-200.json")) // names another task than was asked for
	_, err = mockClient(t, sample).ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrInvalidResponse)
	pass, err := mockClient(t, sample, sms.AllowTaskIDMismatch()).ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, "********", pass.Passphrase.Reveal())
}

func TestErrorIsOneBoundedLineThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	refused := refusal(t, http.StatusForbidden, `{"error_code":"SMS.9004","error_msg":"no\r\n\u001b[31mred\u202e`+strings.Repeat("é", 5000)+
		`","encoded_authorization_message":"ENCODED","error_param":["a\nb"]}`, "X-Request-Id", "id\x7f")
	text := refused.Error()
	assert.LessOrEqual(t, len(text), 1024)
	assert.Contains(t, text, "sms: ShowCertKey: 403 Forbidden: SMS.9004: no\\r\\n\\x1b[31mred\\u202e")
	assert.Contains(t, text, "sms:server:getCert", "the permission to ask for")
	assert.NotContains(t, text, "ENCODED")
	assert.LessOrEqual(t, len(refused.Message), 4096)
	for _, field := range []string{refused.Message, refused.RequestID, refused.ErrorParam[0], text} {
		assert.NotContains(t, field, "\n")
		assert.NotContains(t, field, "\x1b")
		assert.NotContains(t, field, "\x7f")
	}
	made := &sms.APIError{Operation: strings.Repeat("o", 500), Code: strings.Repeat("\n", 500), Message: strings.Repeat("\x00", 9000), RequestID: strings.Repeat("\xff", 500)}
	assert.LessOrEqual(t, len(made.Error()), 1024)
	assert.NotContains(t, made.Error(), "\n")
}

func TestListsOfARefusalAreBounded(t *testing.T) {
	t.Parallel()
	texts := strings.TrimSuffix(strings.Repeat(`"aaaaaaaaaaaaaaaa",`, 3000), ",")
	causes := strings.TrimSuffix(strings.Repeat(`{"error_code":"c"},`, 400), ",")
	assert.Len(t, refusal(t, http.StatusForbidden, `{"error_param":[`+texts+`]}`).ErrorParam, 100)
	assert.Len(t, refusal(t, http.StatusForbidden, `{"details":[`+causes+`]}`).Details, 100)
}

func TestOurOwnCredentialsAreBlottedOutOfServerText(t *testing.T) {
	t.Parallel()
	for name, echo := range map[string]string{
		"raw": canaryToken, "query-escaped": url.QueryEscape(canaryToken), "base64": base64.StdEncoding.EncodeToString([]byte(canaryToken)),
		"hex": hex.EncodeToString([]byte(canaryToken)), "part": canaryToken[5:25], "twice": canaryToken + canaryToken,
		"part of base64": base64.StdEncoding.EncodeToString([]byte(canaryToken))[7:40],
	} {
		body := strings.ReplaceAll(`{"error_code":"@","error_msg":"bad token @!","request_id":"@","encoded_authorization_message":"x@",`+
			`"error_param":["@"],"details":[{"error_code":"@","error_msg":"see @."}]}`, "@", echo)
		refused := refusal(t, http.StatusForbidden, body)
		for _, field := range []string{
			refused.Error(), refused.Code, refused.Message, refused.RequestID, refused.EncodedAuthorizationMessage,
			refused.ErrorParam[0], refused.Details[0].Code, refused.Details[0].Message,
		} {
			assert.NotContains(t, field, echo, name)
			assert.Contains(t, field, "[REDACTED]", name)
		}
		assert.Regexp(t, `^bad token (\[REDACTED\])+!$`, refused.Message, "what stands around it is kept")
	}
	assert.NotContains(t, refusal(t, http.StatusForbidden, "{}", "X-Request-Id", canaryToken).Error(), canaryToken)
}
