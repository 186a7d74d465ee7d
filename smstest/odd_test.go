package smstest_test

import (
	"net"
	"net/http"
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

// A peer that connects and says nothing does not hold up Close.
func TestCloseDoesNotWaitForSilentPeers(t *testing.T) {
	t.Parallel()
	for _, fault := range []smstest.ConnFault{smstest.ConnPass, smstest.ConnResetInHandshake, smstest.ConnStall} {
		srv := smstest.NewServer()
		srv.FailConnections(smstest.SMS, fault)
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Endpoint()[len("https://"):])
		require.NoError(t, err)
		closed := make(chan struct{})
		go func() { srv.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(30 * time.Second):
			t.Errorf("Close waits for a connection of kind %d", fault)
		}
		require.NoError(t, conn.Close())
		<-closed
	}
}

func TestWhatRequestsReturnsIsTheCallers(t *testing.T) {
	t.Parallel()
	srv := start(t)
	client, err := srv.Client()
	require.NoError(t, err)
	_, _ = client.ShowPassphrase(t.Context(), "task-1")
	srv.Requests()[0].Header.Set("Accept", "changed")
	assert.Equal(t, "application/json", srv.Requests()[0].Header.Get("Accept"))
	assert.NotEqual(t, http.Header{}, srv.Requests()[0].Header)
}
