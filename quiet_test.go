package sms_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// answerTwice listens with HTTP/1.1 and sends, behind the answer to each request,
// another that nobody asked for.
func answerTwice(t *testing.T, secure *tls.Config) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { serveTwice(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return address
}

func serveTwice(conn net.Conn) {
	defer conn.Close()
	answer := func(cert string) string {
		body := `{"cert":"` + cert + `","private_key":"` + strings.Repeat("k", 1700) + `"}`
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	requests := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(requests)
		if err != nil {
			return
		}
		task := strings.Split(req.URL.Path, "/")[3]
		if _, err := io.WriteString(conn, answer(task)+answer("behind "+task)); err != nil {
			return
		}
	}
}

// What has come behind an answer is never taken for the answer to the next
// request, however fast that one comes.
func TestNoAnswerIsTakenThatWasNotAskedFor(t *testing.T) { //nolint:paralleltest // it replaces http.DefaultTransport and the logger for a moment
	written := log.Writer()
	log.SetOutput(io.Discard) // net/http writes there what arrives unasked
	defer log.SetOutput(written)
	authority := httptest.NewTLSServer(nil)
	defer authority.Close()
	standard := http.DefaultTransport
	http.DefaultTransport = &http.Transport{TLSClientConfig: authority.Client().Transport.(*http.Transport).TLSClientConfig} //nolint:forcetypeassert // it is one
	defer func() { http.DefaultTransport = standard }()
	for scheme, secure := range map[string]*tls.Config{
		"http":  nil,
		"https": {Certificates: authority.TLS.Certificates, MinVersion: tls.VersionTLS12},
	} {
		t.Run(scheme, func(t *testing.T) {
			client, err := sms.NewClient(scheme+"://"+answerTwice(t, secure), sms.StaticToken("token"), sms.WithInsecureHTTP())
			require.NoError(t, err)
			var wrong, right atomic.Int64
			var callers sync.WaitGroup
			for caller := range 32 {
				callers.Go(func() {
					for i := range 100 {
						id := fmt.Sprintf("task-%d-%d", caller, i)
						material, err := client.ShowCertKey(t.Context(), id)
						switch {
						case err == nil && material.Cert == id:
							right.Add(1)
						case err == nil:
							wrong.Add(1)
						}
					}
				})
			}
			callers.Wait()
			client.CloseIdleConnections()
			assert.Zero(t, wrong.Load(), "another task's keys")
			assert.Equal(t, int64(3200), right.Load(), "net/http takes another connection for the request")
		})
	}
}

func TestAUsersTraceIsKeptApart(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, passphraseBody) }))
	t.Cleanup(srv.Close)
	client, err := sms.NewClient(srv.URL, sms.StaticToken("token"), sms.WithInsecureHTTP())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	var got [2]atomic.Int64
	var callers sync.WaitGroup
	for i := range got {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got[i].Add(1) }})
		for range 20 {
			callers.Go(func() {
				_, err := client.ShowPassphrase(ctx, taskID)
				assert.NoError(t, err)
			})
		}
	}
	callers.Wait()
	_, err = client.ShowPassphrase(t.Context(), taskID)
	require.NoError(t, err)
	assert.Equal(t, int64(20), got[0].Load())
	assert.Equal(t, int64(20), got[1].Load())
}
