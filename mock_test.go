package sms_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/huaweicloud/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// mockEndpoint has a path, so that a mistake with absolute paths shows.
	mockEndpoint = "https://sms.test/base"
	taskID       = "d7fa81b9-c174-4c0a-a475-51a54c8af8a4"
	canaryToken  = "MIIcanaryTOKEN0123456789abcdefghijklmnopqrstuvwxyz"

	certKeyBody    = `{"cert":"C","private_key":"K","ca":"A","target_mgmt_cert":"MC","target_mgmt_private_key":"MK","target_data_cert":"DC","target_data_private_key":"DK"}`
	passphraseBody = `{"task_id":"` + taskID + `","passphrase":"hunter2"}`
)

// mockClient returns a client whose transport is respond alone.
func mockClient(t *testing.T, respond httpmock.Responder, opts ...sms.Option) *sms.Client {
	t.Helper()
	transport := httpmock.NewMockTransport()
	transport.RegisterNoResponder(respond)
	opts = append([]sms.Option{sms.WithHTTPClient(&http.Client{Transport: transport})}, opts...)
	client, err := sms.NewClient(mockEndpoint, sms.StaticToken(canaryToken), opts...)
	require.NoError(t, err)
	return client
}

// respond answers every request with status and body; headers are names and values in turn.
func respond(status int, body string, headers ...string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(status, body)
		resp.Request = req
		for i := 0; i+1 < len(headers); i += 2 {
			resp.Header.Add(headers[i], headers[i+1])
		}
		return resp, nil
	}
}

// inTurn answers the first request with the first responder and so on; the last one goes on.
func inTurn(responders ...httpmock.Responder) httpmock.Responder {
	next := make(chan httpmock.Responder, len(responders))
	for _, r := range responders {
		next <- r
	}
	last := responders[len(responders)-1]
	return func(req *http.Request) (*http.Response, error) {
		select {
		case r := <-next:
			return r(req)
		default:
			return last(req)
		}
	}
}

// documented reads a body as the API pages show it.
func documented(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return strings.TrimSpace(string(body))
}

// once turns retries off.
func once() sms.Option { return sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}) }
