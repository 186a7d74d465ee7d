package smstest_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestATokenEndsInTheDocumentedWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end           func(*smstest.Server)
		code, message string
	}{
		"revoked": {(*smstest.Server).RevokeTokens, "APIGW.0301", "decrypt token fail"},
		"expired": {func(s *smstest.Server) { s.SetClockOffset(25 * time.Hour) }, "APIGW.0307", "token must be updated"},
	} {
		srv := start(t)
		srv.AddTask("t")
		token := srv.Token()
		assert.Equal(t, token, srv.Token())
		client, err := srv.Client()
		require.NoError(t, err)
		_, err = client.ShowCertKey(t.Context(), "t")
		require.NoError(t, err)
		test.end(srv)
		_, err = client.ShowCertKey(t.Context(), "t")
		refused, ok := errors.AsType[*sms.APIError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, test.code, refused.Code, name)
		assert.Contains(t, refused.Message, test.message)
		assert.NotEqual(t, token, srv.Token(), name)
	}
}

func TestAStrictGatewayWantsAContentType(t *testing.T) {
	t.Parallel()
	srv := start(t, smstest.WithRequiredContentType())
	srv.AddTask("t")
	client, err := srv.Client()
	require.NoError(t, err)
	_, err = client.ShowCertKey(t.Context(), "t")
	require.NoError(t, err)
	for contentType, status := range map[string]int{
		"": http.StatusUnauthorized, "text/plain": http.StatusUnauthorized, "application/json; charset=utf-8": http.StatusOK,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.Endpoint()+"/v3/tasks/t/certkey", nil)
		require.NoError(t, err)
		req.Header.Set("X-Auth-Token", srv.Token())
		req.Header.Set("Content-Type", contentType)
		resp, err := srv.HTTPClient().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode, contentType)
	}
}

func TestAServerListensWhereItIsTold(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is there at once or not at all
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	srv := start(t, smstest.WithAddress(smstest.SMS, address))
	assert.Equal(t, "https://"+address, srv.Endpoint())
	srv.Close() // twice in all, which does no harm
}
