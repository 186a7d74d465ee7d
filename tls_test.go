package sms_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// talk lets a client and a server exchange a byte each way over loopback and
// returns the errors of both sides.
func talk(tb testing.TB, client, server *tls.Config) (clientErr, serverErr error) {
	tb.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(tb, err)
	defer func() { _ = listener.Close() }()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer func() { _ = conn.Close() }()
		_, err = io.CopyN(conn, conn, 1)
		served <- err
	}()
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: client}
	conn, err := dialer.DialContext(tb.Context(), "tcp", listener.Addr().String())
	if err == nil {
		_, err = conn.Write([]byte("x"))
		if _, readErr := io.ReadFull(conn, make([]byte, 1)); err == nil {
			err = readErr
		}
		_ = conn.Close()
	}
	return err, <-served
}

func configs(tb testing.TB, source, target *sms.CertKey, opts ...sms.TLSOption) (client, server *tls.Config) {
	tb.Helper()
	client, err := source.SourceTLS(sms.Secret{}, opts...)
	require.NoError(tb, err)
	server, err = target.TargetDataTLS(sms.Secret{})
	require.NoError(tb, err)
	return client, server
}

func TestTheThreeIdentitiesTalkToEachOther(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, data := configs(t, m, m)
		mgmt, err := m.TargetMgmtTLS(sms.Secret{})
		require.NoError(t, err)
		client.MaxVersion = version
		for _, server := range []*tls.Config{mgmt, data} {
			clientErr, serverErr := talk(t, client, server)
			require.NoError(t, clientErr)
			require.NoError(t, serverErr)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "task", nil)
	good := func() *sms.CertKey { return material(t, ca) }
	aged := func(usage x509.ExtKeyUsage, from, to time.Duration) *x509.Certificate {
		leaf := leafFor("aged", usage)
		leaf.NotBefore, leaf.NotAfter = time.Now().Add(from), time.Now().Add(to)
		return leaf
	}
	sourceWith := func(leaf *x509.Certificate) *sms.CertKey {
		m := good()
		m.Cert, m.PrivateKey = ca.pair(t, leaf)
		return m
	}
	targetWith := func(leaf *x509.Certificate) *sms.CertKey {
		m := good()
		m.TargetDataCert, m.TargetDataPrivateKey = ca.pair(t, leaf)
		return m
	}
	alone := newAuthority(t, "alone", nil) // its own certificate is self-signed
	selfSigned := func() *sms.CertKey {
		m := good()
		m.Cert, m.PrivateKey = alone.pem(), keyPEM(t, alone.key)
		m.TargetDataCert, m.TargetDataPrivateKey = m.Cert, m.PrivateKey
		return m
	}
	stranger := material(t, newAuthority(t, "stranger", nil))
	const client, server = x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	keepCA := func(m *sms.CertKey, pem string) *sms.CertKey { m.CA = pem; return m }

	for name, test := range map[string]struct {
		source, target *sms.CertKey
		opts           []sms.TLSOption
		change         func(client, server *tls.Config)
	}{
		"the target is another task's":            {source: good(), target: keepCA(material(t, newAuthority(t, "other", nil)), ca.pem())},
		"the source is another task's":            {source: keepCA(stranger, ca.pem()), target: good()},
		"the target's certificate is expired":     {source: good(), target: targetWith(aged(server, -2*time.Hour, -time.Hour))},
		"the source's certificate is expired":     {source: sourceWith(aged(client, -2*time.Hour, -time.Hour)), target: good()},
		"the target's is not yet valid":           {source: good(), target: targetWith(aged(server, time.Hour, 2*time.Hour))},
		"the source's is not yet valid":           {source: sourceWith(aged(client, time.Hour, 2*time.Hour)), target: good()},
		"the target's is self-signed":             {source: good(), target: selfSigned()},
		"the source's is self-signed":             {source: selfSigned(), target: good()},
		"the source uses a server's certificate":  {source: sourceWith(leafFor("source", server)), target: good()},
		"the target uses a client's certificate":  {source: good(), target: targetWith(leafFor("target", client))},
		"the target's name is another":            {source: good(), target: good(), opts: []sms.TLSOption{sms.VerifyServerName("other.example")}},
		"the dialled address is not in it":        {source: good(), target: good(), opts: []sms.TLSOption{sms.VerifyServerName("127.0.0.1")}},
		"the source sends no certificate":         {source: good(), target: good(), change: func(c, _ *tls.Config) { c.Certificates = nil }},
		"the client is at TLS 1.1":                {source: good(), target: good(), change: func(c, _ *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }},
		"the server is at TLS 1.1":                {source: good(), target: good(), change: func(_, s *tls.Config) { s.MinVersion, s.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }},
		"the pinned target is another of this CA": {source: good(), target: good(), opts: []sms.TLSOption{sms.PinTarget()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				client, server := configs(t, test.source, test.target, test.opts...)
				server.MaxVersion = version
				if test.change != nil {
					test.change(client, server)
				}
				clientErr, serverErr := talk(t, client, server)
				require.Error(t, clientErr)
				require.Error(t, serverErr)
			}
		})
	}
}

func TestTheNameIsCheckedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	client, server := configs(t, m, m)
	client.ServerName = "lacking.example"
	clientErr, serverErr := talk(t, client, server)
	require.NoError(t, clientErr)
	require.NoError(t, serverErr)

	client, server = configs(t, m, m, sms.VerifyServerName("target.example"))
	client.ServerName = "lacking.example"
	clientErr, serverErr = talk(t, client, server)
	require.NoError(t, clientErr)
	require.NoError(t, serverErr)
}

func TestResumptionDoesNotSkipTheCheck(t *testing.T) {
	t.Parallel()
	ours, theirs := material(t, newAuthority(t, "ours", nil)), material(t, newAuthority(t, "theirs", nil))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache, ticketKey := tls.NewLRUClientSessionCache(1), [32]byte{1}
		client, server := configs(t, theirs, theirs)
		client.ClientSessionCache, client.ServerName, client.MaxVersion = cache, "x", version
		server.SetSessionTicketKeys([][32]byte{ticketKey})
		resumed := false
		check := client.VerifyConnection
		client.VerifyConnection = func(state tls.ConnectionState) error {
			resumed = state.DidResume
			return check(state)
		}
		for range 2 {
			clientErr, serverErr := talk(t, client, server)
			require.NoError(t, clientErr)
			require.NoError(t, serverErr)
		}
		require.True(t, resumed, "the second connection resumes, or this test shows nothing")

		other, otherServer := configs(t, ours, ours)
		otherServer.SetSessionTicketKeys([][32]byte{ticketKey})
		_, serverErr := talk(t, client, otherServer)
		require.Error(t, serverErr, "a client of another task resumes at our server")

		clientErr, _ := talk(t, client, server) // a session for the cache again
		require.NoError(t, clientErr)
		other.ClientSessionCache, other.ServerName, other.MaxVersion = cache, "x", version
		resumed = false
		otherCheck := other.VerifyConnection
		other.VerifyConnection = func(state tls.ConnectionState) error {
			resumed = state.DidResume
			return otherCheck(state)
		}
		clientErr, _ = talk(t, other, server)
		require.Error(t, clientErr, "our client resumes the session of another task")
		require.True(t, resumed, "it is the resumption that was refused")
	}
}

func TestWithoutCA(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	m.CA = " \n"
	_, err := m.SourceTLS(sms.Secret{})
	require.ErrorIs(t, err, sms.ErrNoCA)
	_, err = m.TargetMgmtTLS(sms.Secret{})
	require.ErrorIs(t, err, sms.ErrNoCA)
	require.ErrorIs(t, m.Verify(sms.Secret{}, time.Now()), sms.ErrNoCA)

	client, err := m.SourceTLS(sms.Secret{}, sms.PinTarget())
	require.NoError(t, err)
	server, err := m.TargetMgmtTLS(sms.Secret{}, sms.PinTarget())
	require.NoError(t, err)
	clientErr, serverErr := talk(t, client, server)
	require.NoError(t, clientErr)
	require.NoError(t, serverErr)

	// Within the pin's certificates the validity still counts.
	client.Time = func() time.Time { return time.Now().Add(48 * time.Hour) }
	clientErr, _ = talk(t, client, server)
	var unverified *tls.CertificateVerificationError
	require.ErrorAs(t, clientErr, &unverified)

	_, err = (&sms.CertKey{Cert: m.Cert, PrivateKey: m.PrivateKey}).SourceTLS(sms.Secret{}, sms.PinTarget())
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
}

func TestArgumentsOfConfigs(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	for name, opt := range map[string]sms.TLSOption{
		"nil": nil, "empty name": sms.VerifyServerName(""), "name with port": sms.VerifyServerName("a:1"),
	} {
		_, err := m.SourceTLS(sms.Secret{}, opt)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, name)
	}
	var none *sms.CertKey
	_, err := none.SourceTLS(sms.Secret{})
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	_, err = none.TargetDataTLS(sms.Secret{})
	require.ErrorIs(t, err, sms.ErrInvalidArgument)
	require.ErrorIs(t, none.Verify(sms.Secret{}, time.Time{}), sms.ErrInvalidArgument)
	assert.True(t, none.Source().Equal(sms.KeyPair{}))
}

func TestChainsOfEveryLengthHandshake(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "root", nil)
	issuer, intermediates := root, ""
	for length := 1; length <= 5; length++ {
		m := material(t, issuer)
		m.CA = root.pem()
		m.Cert += intermediates
		m.TargetMgmtCert = intermediates + m.TargetMgmtCert // the order does not matter
		m.TargetDataCert += intermediates
		require.NoError(t, m.Verify(sms.Secret{}, time.Now()), "%d certificates", length)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			client, server := configs(t, m, m)
			client.MaxVersion = version
			clientErr, serverErr := talk(t, client, server)
			require.NoError(t, clientErr, "%d certificates", length)
			require.NoError(t, serverErr, "%d certificates", length)
		}
		issuer = newAuthority(t, "intermediate", issuer)
		intermediates = issuer.pem() + intermediates
	}
}

// PinTarget is the way out for signatures that crypto/x509 refuses.
func TestASignatureOverSHA1NeedsThePin(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	self := leafFor("old CA")
	self.IsCA, self.BasicConstraintsValid, self.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
	require.NoError(t, err)
	old := &authority{self, key}
	m := &sms.CertKey{CA: certPEM(der)}
	sign := func(usage x509.ExtKeyUsage) (string, sms.Secret) {
		leaf := leafFor("leaf", usage)
		leaf.SignatureAlgorithm = x509.SHA1WithRSA
		return old.pair(t, leaf)
	}
	m.Cert, m.PrivateKey = sign(x509.ExtKeyUsageClientAuth)
	m.TargetDataCert, m.TargetDataPrivateKey = sign(x509.ExtKeyUsageServerAuth)
	require.ErrorContains(t, m.Verify(sms.Secret{}, time.Now()), "SHA1")

	client, server := configs(t, m, m)
	clientErr, _ := talk(t, client, server)
	var unverified *tls.CertificateVerificationError
	require.ErrorAs(t, clientErr, &unverified)

	client, err = m.SourceTLS(sms.Secret{}, sms.PinTarget())
	require.NoError(t, err)
	_, serverErr := talk(t, client, server)
	require.Error(t, serverErr, "the target holds the source to the CA")
	server, err = m.TargetDataTLS(sms.Secret{}, sms.PinTarget())
	require.NoError(t, err)
	clientErr, serverErr = talk(t, client, server)
	require.NoError(t, clientErr)
	require.NoError(t, serverErr)
}
