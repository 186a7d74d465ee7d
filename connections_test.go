package sms_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// TestManyCallersShareFewConnections runs in a process of its own trust: the
// client's own transport trusts only what http.DefaultTransport does, so that is
// what trusts the test's server. It is not parallel for the same reason.
func TestManyCallersShareFewConnections(t *testing.T) { //nolint:paralleltest // it replaces http.DefaultTransport for a moment
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			var opened atomic.Int64
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprint(w, passphraseBody)
			}))
			srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					opened.Add(1)
				}
			}
			srv.EnableHTTP2 = http2
			srv.StartTLS()
			t.Cleanup(srv.Close)

			original := http.DefaultTransport
			trusting := original.(*http.Transport).Clone()
			trusting.TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
			http.DefaultTransport = trusting
			client, err := sms.NewClient(srv.URL, sms.StaticToken("token"))
			http.DefaultTransport = original
			require.NoError(t, err)
			t.Cleanup(client.CloseIdleConnections)

			var callers sync.WaitGroup
			for range 64 {
				callers.Go(func() {
					for range 50 {
						_, err := client.ShowPassphrase(t.Context(), taskID)
						assert.NoError(t, err)
					}
				})
			}
			callers.Wait()
			if http2 {
				assert.Equal(t, int64(1), opened.Load())
			} else {
				assert.LessOrEqual(t, opened.Load(), int64(64))
			}
		})
	}
}
