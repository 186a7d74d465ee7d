package sms_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestWhatToAskForAfterOtherRefusals(t *testing.T) {
	t.Parallel()
	gateway := &sms.APIError{Operation: "ShowCertKey", StatusCode: 403, Code: "APIGW.0302", Message: "The IP address is not allowed"}
	text := whatToAskFor(t.Context(), gateway, "", nil)
	assert.Contains(t, text, "help with sms: ShowCertKey: 403 Forbidden: APIGW.0302")
	assert.Contains(t, text, "may lack the permission sms:server:getCert")
	assert.Contains(t, whatToAskFor(t.Context(), errSigner, "", nil), "nothing: ")
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	t.Parallel()
	srv, _ := serviceWithTask(t)
	srv.Deny(smstest.ActionGetTaskPassphrase)
	signer := sms.StaticAccessKey(srv.AccessKey())
	_, err := clientOf(t, srv, signer).ShowPassphrase(t.Context(), taskID)
	refused, ok := errors.AsType[*sms.APIError](err)
	require.True(t, ok)
	action, resource := refused.Denied()
	assert.Equal(t, "sms:server:getTaskPassphrase", action)
	assert.Contains(t, resource, taskID)

	decode := func(signer sms.Signer, encoded string) (*sms.Denial, error) {
		return sms.DecodeAuthorizationMessage(t.Context(), srv.STSEndpoint(), signer, encoded, sms.WithHTTPClient(srv.HTTPClient()))
	}
	denial, err := decode(signer, refused.EncodedAuthorizationMessage)
	require.NoError(t, err)
	assert.Equal(t, action, denial.Context["action"])
	assert.Contains(t, denial.Message, denial.Failure)

	for encoded, says := range map[string]string{"": "the 403 carried none", strings.Repeat("A", 10241): "10241 characters"} {
		_, err = decode(signer, encoded)
		require.ErrorIs(t, err, sms.ErrInvalidArgument)
		require.ErrorContains(t, err, says)
	}
	_, err = decode(signer, "not a message of this server")
	require.ErrorIs(t, err, sms.ErrBadRequest)
	require.ErrorContains(t, err, "DecodeAuthorizationMessage")
	_, err = decode(nil, "x")
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	fromEnv, err := sms.Environment{Variables: vars{"HW_AUTH_TOKEN": srv.Token()}}.Signer()
	require.NoError(t, err)
	for _, tokens := range []sms.Signer{sms.StaticToken(srv.Token()), sms.TokenFrom(vault{srv}), fromEnv} {
		_, err = decode(tokens, refused.EncodedAuthorizationMessage)
		require.ErrorIs(t, err, sms.ErrInvalidArgument)
		require.ErrorContains(t, err, "STS takes signatures of an access key")
	}
	srv.Deny(smstest.ActionDecode)
	_, err = decode(signer, refused.EncodedAuthorizationMessage)
	require.ErrorIs(t, err, sms.ErrForbidden)
	require.ErrorContains(t, err, "sts::decodeAuthorizationMessage")
}

func TestADenialThatIsNotNamed(t *testing.T) {
	t.Parallel()
	_, err := mockClient(t, respond(http.StatusForbidden, "<html>go away</html>")).ShowCertKey(t.Context(), taskID)
	refused, ok := errors.AsType[*sms.APIError](err)
	require.True(t, ok)
	action, resource := refused.Denied()
	assert.Empty(t, action+resource)
}

func TestSTSEndpoint(t *testing.T) {
	t.Parallel()
	got, err := sms.STSEndpoint("sa-brazil-1")
	require.NoError(t, err)
	assert.Equal(t, "https://sts.sa-brazil-1.myhuaweicloud.com", got)
	for _, region := range []string{"", "a.b", "evil.example/", "A"} {
		_, err := sms.STSEndpoint(region)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, region)
	}
}
