package smstest_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// Servers of unusual options are reached by their own clients all the same.
func TestUnusualOptionsServe(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]smstest.Option{
		"no base path":            {smstest.WithBasePath("")},
		"a slash as base path":    {smstest.WithBasePath("/")},
		"all interfaces":          {smstest.WithAddress(smstest.SMS, ":0"), smstest.WithAddress(smstest.IAM, "0.0.0.0:0")},
		"a key without an owner":  {smstest.WithAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK")})},
		"a key with an owner":     {smstest.WithAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK"), DomainID: "d"})},
		"tokens of one character": {smstest.WithTokenLength(1)},
	} {
		srv := start(t, opts...)
		srv.AddTask("task-1")
		key := srv.AccessKey()
		key.DomainID = "" // it is looked up
		_, err := signed(t, srv, key).ShowPassphrase(t.Context(), "task-1")
		require.NoError(t, err, name)
		client, err := srv.Client()
		require.NoError(t, err)
		_, err = client.ShowPassphrase(t.Context(), "task-1")
		require.NoError(t, err, name)
	}
}

// closesInTime closes srv while conn is open, which must not hold it up.
func closesInTime(t *testing.T, srv *smstest.Server, conn net.Conn, peer string) {
	t.Helper()
	closed := make(chan struct{})
	go func() { srv.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Errorf("Close waits for %s", peer)
	}
	require.NoError(t, conn.Close())
	<-closed
}

// A peer that connects and says nothing does not hold up Close.
func TestCloseDoesNotWaitForSilentPeers(t *testing.T) {
	t.Parallel()
	for fault, peer := range map[smstest.ConnFault]string{
		smstest.ConnPass:             "a silent peer",
		smstest.ConnResetInHandshake: "a peer that is to be reset",
		smstest.ConnStall:            "a peer that is stalled",
	} {
		srv := smstest.NewServer()
		srv.FailConnections(smstest.SMS, fault)
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Endpoint()[len("https://"):])
		require.NoError(t, err)
		client, err := srv.Client()
		require.NoError(t, err)
		_, err = client.ShowPassphrase(t.Context(), "task-1")
		require.ErrorIs(t, err, sms.ErrNotFound, "connections are accepted in turn: the silent one has been")
		closesInTime(t, srv, conn, peer)
	}
}

// Nor does a client that does not read what it was sent past net/http.
func TestCloseDoesNotWaitForClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(func(string) string) smstest.Fault{"Wire": smstest.Wire, "Reset": smstest.Reset} {
		srv := smstest.NewServer(smstest.WithHTTP1())
		srv.FailAlways("", fault(func(string) string { return strings.Repeat("x", 64<<20) }))
		transport := srv.HTTPClient().Transport.(*http.Transport) //nolint:forcetypeassert // it is one
		dialer := tls.Dialer{Config: transport.TLSClientConfig}
		conn, err := dialer.DialContext(t.Context(), "tcp", srv.Endpoint()[len("https://"):])
		require.NoError(t, err)
		_, err = conn.Write([]byte("GET /v3/tasks/a/passphrase HTTP/1.1\r\nHost: sms\r\n\r\n"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(srv.Requests()) > 0 }, 30*time.Second, time.Millisecond)
		closesInTime(t, srv, conn, "a client that does not read, "+name)
	}
}

func TestWhatRequestsReturnsIsTheCallers(t *testing.T) {
	t.Parallel()
	srv := start(t)
	client, err := srv.Client()
	require.NoError(t, err)
	_, _ = client.ShowPassphrase(t.Context(), "task-1")
	srv.Requests()[0].Header.Set("Accept", "changed")
	srv.Requests()[0].Query.Set("changed", "1")
	assert.Empty(t, srv.Requests()[0].Query)
	assert.Equal(t, "application/json", srv.Requests()[0].Header.Get("Accept"))
	assert.NotEqual(t, http.Header{}, srv.Requests()[0].Header)
}
