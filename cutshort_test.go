package sms_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// A connection that ends at any byte of an answer costs one more request, and
// never the answer.
func TestAnAnswerCutAtAnyByteIsAskedForAgain(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer(smstest.WithHTTP1())
	t.Cleanup(srv.Close)
	_, want := srv.AddTask(taskID)
	transport := srv.HTTPClient().Transport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // net/http itself sends anew on a connection that was kept
	fresh := func() *sms.Client {      // with a retry budget of its own
		client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{BaseDelay: 1}), sms.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		return client
	}
	size := 0
	srv.Fail(smstest.ShowPassphrase, smstest.Wire(func(answer string) string {
		size = len(answer)
		return answer
	}))
	_, err := fresh().ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	require.Greater(t, size, 100)
	for _, end := range []func(func(string) string) smstest.Fault{smstest.Wire, smstest.Reset} {
		for at := range size {
			srv.ForgetRequests()
			srv.Fail(smstest.ShowPassphrase, end(func(answer string) string { return answer[:min(at, len(answer)-1)] }))
			got, err := fresh().ShowPassphrase(t.Context(), taskID)
			require.NoError(t, err, "cut after %d of %d bytes", at, size)
			require.True(t, got.Equal(want))
			require.Len(t, srv.Requests(), 2, "cut after %d of %d bytes", at, size)
		}
	}
	srv.FailAlways(smstest.ShowPassphrase, smstest.Wire(func(answer string) string { return strings.Replace(answer, "HTTP/1.1", "SSH-2.0", 1) }))
	srv.ForgetRequests()
	_, err = fresh().ShowPassphrase(t.Context(), taskID)
	require.ErrorIs(t, err, sms.ErrInvalidResponse)
	assert.Len(t, srv.Requests(), 1, "what is not HTTP is not asked for again")
}
