package sms_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

var tlsVersions = map[string]uint16{"-tls1_2": tls.VersionTLS12, "-tls1_3": tls.VersionTLS13}

// encryptedMaterial is a task's material with keys under the passphrase "correct".
func encryptedMaterial(tb testing.TB) (*sms.CertKey, sms.Secret) {
	tb.Helper()
	m := material(tb, newAuthority(tb, "task", nil))
	for _, key := range []*sms.Secret{&m.PrivateKey, &m.TargetMgmtPrivateKey, &m.TargetDataPrivateKey} {
		*key = sms.NewSecret(openssl(tb, key.Reveal(), "pkcs8", "-topk8", "-passout", "pass:correct"))
	}
	return m, sms.NewSecret("correct")
}

// saved returns a function from a file's name to its path.
func saved(tb testing.TB, m *sms.CertKey, pass sms.Secret) func(name string) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "task")
	require.NoError(tb, m.SaveFiles(dir, sms.WithPassphrase(pass)))
	return func(name string) string { return filepath.Join(dir, name) }
}

func TestOurClientTalksToOpensslServer(t *testing.T) {
	t.Parallel()
	m, pass := encryptedMaterial(t)
	file := saved(t, m, pass)
	for flag, version := range tlsVersions {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			server := exec.CommandContext(ctx, "openssl", "s_server", "-accept", "127.0.0.1:0", flag, "-rev",
				"-cert", file("target-data.crt"), "-key", file("target-data.key"), "-pass", "file:"+file("passphrase"),
				"-CAfile", file("ca.crt"), "-no-CApath", "-Verify", "5", "-verify_return_error")
			output, err := server.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, server.Start(), "apt-get install openssl")
			defer func() { cancel(); _ = server.Wait() }()
			address := ""
			lines := bufio.NewScanner(output)
			for address == "" && lines.Scan() {
				address, _ = strings.CutPrefix(lines.Text(), "ACCEPT ")
				if !strings.HasPrefix(lines.Text(), "ACCEPT ") {
					address = ""
				}
			}
			go func() { _, _ = io.Copy(io.Discard, output) }()

			conf, err := m.SourceTLS(pass)
			require.NoError(t, err)
			conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", address)
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			assert.Equal(t, version, conn.(*tls.Conn).ConnectionState().Version)
			_, err = conn.Write([]byte("hello\n"))
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "olleh\n", line)
		})
	}
}

func TestOpensslClientTalksToOurServer(t *testing.T) {
	t.Parallel()
	m, pass := encryptedMaterial(t)
	file := saved(t, m, pass)
	for flag := range tlsVersions {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			conf, err := m.TargetMgmtTLS(pass)
			require.NoError(t, err)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", conf)
			require.NoError(t, err)
			defer func() { _ = listener.Close() }()
			go func() {
				conn, err := listener.Accept()
				if err == nil {
					_, _ = io.WriteString(conn, "hello from the target\n")
					_ = conn.Close()
				}
			}()
			_, port, err := net.SplitHostPort(listener.Addr().String())
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			client := exec.CommandContext(ctx, "openssl", "s_client", "-connect", "127.0.0.1:"+port, flag, "-quiet",
				"-cert", file("source.crt"), "-key", file("source.key"), "-pass", "file:"+file("passphrase"),
				"-CAfile", file("ca.crt"), "-no-CApath", "-verify_return_error")
			output, err := client.Output()
			require.NoError(t, err, "apt-get install openssl")
			assert.Contains(t, string(output), "hello from the target")
		})
	}
}

func TestOpensslAgreesWithVerify(t *testing.T) {
	t.Parallel()
	m, pass := encryptedMaterial(t)
	require.NoError(t, m.Verify(pass, time.Now()))
	file := saved(t, m, pass)
	for name, purpose := range map[string]string{"source": "sslclient", "target-mgmt": "sslserver", "target-data": "sslserver"} {
		verify := []string{"verify", "-CAfile", file("ca.crt"), "-no-CApath", "-purpose"}
		openssl(t, "", append(verify, purpose, file(name+".crt"))...)
		openssl(t, "", "pkey", "-in", file(name+".key"), "-passin", "file:"+file("passphrase"), "-noout")
	}

	// And both refuse the material of another CA and a wrong passphrase.
	m.CA = newAuthority(t, "other", nil).pem()
	require.Error(t, m.Verify(pass, time.Now()))
	file = saved(t, m, sms.NewSecret("wrong"))
	require.ErrorIs(t, m.Verify(sms.NewSecret("wrong"), time.Now()), sms.ErrWrongPassphrase)
	for _, args := range [][]string{
		{"verify", "-CAfile", file("ca.crt"), "-no-CApath", file("source.crt")},
		{"pkey", "-in", file("source.key"), "-passin", "file:" + file("passphrase"), "-noout"},
	} {
		require.Error(t, exec.CommandContext(t.Context(), "openssl", args...).Run())
	}
}
