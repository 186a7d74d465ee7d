package sms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// What went wrong is told by types and by what net/http says, never by words of
// the caller's that happen to stand in the same text.
func TestWordsInTheURLDoNotDecideWhatWentWrong(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	ids := []string{"task-1", "task-1xx", "malformed", "GOAWAY", "http2", "readLoopPeekFailLocked", "server-closed-idle-connection"}
	attempts := 0
	observe := sms.WithObserver(func(context.Context, sms.Attempt) { attempts++ })
	client, err := srv.Client(observe)
	require.NoError(t, err)
	for _, defect := range []smstest.TLSDefect{smstest.TLSUnknownCA, smstest.TLS10} {
		srv.BreakTLS(defect)
		for _, id := range ids {
			attempts = 0
			_, err := client.ShowCertKey(t.Context(), id)
			var cert *tls.CertificateVerificationError
			assert.Equal(t, defect == smstest.TLSUnknownCA, errors.As(err, &cert), id)
			require.NotErrorIs(t, err, sms.ErrInvalidResponse, id)
			assert.Equal(t, 1, attempts, "%s: %v", id, err)
		}
	}
	unknown := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "malformed-1xx-GOAWAY.invalid", IsNotFound: true}
	}}
	for _, id := range ids {
		nowhere, err := sms.NewClient("https://malformed-1xx-GOAWAY.invalid/"+id, sms.StaticToken("token"), sms.WithHTTPClient(&http.Client{Transport: unknown}))
		require.NoError(t, err)
		_, err = nowhere.ShowCertKey(t.Context(), id)
		var name *net.DNSError
		require.ErrorAs(t, err, &name, id)
		require.NotErrorIs(t, err, sms.ErrInvalidResponse, id)
	}
}
