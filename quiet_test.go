package sms_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// answerTwice listens with HTTP/1.1 and sends, behind the answer to each request,
// another that nobody asked for: with it, or later and then saying so.
func answerTwice(t *testing.T, secure *tls.Config, later chan<- struct{}) (address string) {
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
			running.Go(func() { serveTwice(conn, later) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return address
}

func serveTwice(conn net.Conn, later chan<- struct{}) {
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
		right, surplus := answer(task), answer("behind "+task)
		if later == nil {
			right, surplus = right+surplus, ""
		}
		if _, err := io.WriteString(conn, right); err != nil {
			return
		}
		if later != nil {
			time.Sleep(2 * time.Millisecond) // the client has long read the answer
			_, _ = io.WriteString(conn, surplus)
			later <- struct{}{}
		}
	}
}

// twoSchemes lets clients with a transport of their own trust a certificate for the
// rest of the test, and returns what a server needs to speak http and https.
func twoSchemes(t *testing.T) map[string]*tls.Config {
	t.Helper()
	written := log.Writer()
	log.SetOutput(io.Discard) // net/http writes there what arrives unasked
	t.Cleanup(func() { log.SetOutput(written) })
	authority := httptest.NewTLSServer(nil)
	t.Cleanup(authority.Close)
	standard := http.DefaultTransport
	http.DefaultTransport = &http.Transport{TLSClientConfig: authority.Client().Transport.(*http.Transport).TLSClientConfig} //nolint:forcetypeassert // it is one
	t.Cleanup(func() { http.DefaultTransport = standard })
	return map[string]*tls.Config{
		"http":  nil,
		"https": {Certificates: authority.TLS.Certificates, MinVersion: tls.VersionTLS12},
	}
}

// What has come behind an answer is never taken for the answer to the next
// request, however fast that one comes.
func TestNoAnswerIsTakenThatWasNotAskedFor(t *testing.T) { //nolint:paralleltest // it replaces http.DefaultTransport and the logger for a moment
	for scheme, secure := range twoSchemes(t) {
		t.Run(scheme, func(t *testing.T) {
			client, err := sms.NewClient(scheme+"://"+answerTwice(t, secure, nil), sms.StaticToken("token"), sms.WithInsecureHTTP())
			require.NoError(t, err)
			var wrong, right atomic.Int64
			var callers sync.WaitGroup
			for caller := range 32 {
				callers.Go(func() {
					for i := range 40 {
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
			assert.Equal(t, int64(1280), right.Load(), "net/http takes another connection for the request")
		})
	}
}

// Nor is what has come a moment before the request.
func TestNoAnswerIsTakenThatCameTooLate(t *testing.T) { //nolint:paralleltest // as above
	if runtime.GOOS == "windows" {
		t.Skip("the socket cannot be looked at here: see SECURITY.md")
	}
	for scheme, secure := range twoSchemes(t) {
		later := make(chan struct{}, 1)
		client, err := sms.NewClient(scheme+"://"+answerTwice(t, secure, later), sms.StaticToken("token"), sms.WithInsecureHTTP())
		require.NoError(t, err)
		for i := range 200 {
			id := fmt.Sprintf("task-%d", i)
			material, err := client.ShowCertKey(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, id, material.Cert, "another task's keys, %s", scheme)
			<-later
		}
		client.CloseIdleConnections()
	}
}

func TestTheDialersOfAProgramAreUsed(t *testing.T) { //nolint:paralleltest // it replaces http.DefaultTransport
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	refused := errors.New("by the program's own dialer")
	for name, transport := range map[string]*http.Transport{
		"DialContext":       {DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }},
		"Dial":              {Dial: func(string, string) (net.Conn, error) { return nil, refused }},
		"DialTLSContext":    {DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }},
		"one of no results": {DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}, //nolint:nilnil // that is what is tried
	} {
		http.DefaultTransport = transport
		client, err := sms.NewClient("https://192.0.2.1", sms.StaticToken("token"), sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
		require.NoError(t, err)
		_, err = client.ShowPassphrase(t.Context(), taskID)
		if name == "one of no results" {
			require.ErrorContains(t, err, "(nil, nil)")
			continue
		}
		require.ErrorIs(t, err, refused, name)
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
