package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start runs the emulator until the test ends and returns its environment.
func start(t *testing.T, args ...string) []string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	dir := t.TempDir()
	go func() {
		err := run(ctx, append([]string{"-ca", filepath.Join(dir, "ca.pem")}, args...), in)
		in.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-done)
		left, err := os.ReadDir(dir)
		assert.NoError(t, err)
		assert.Empty(t, left, "the emulator takes its files with it")
	})
	env := os.Environ()
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
		if assignment, found := strings.CutPrefix(lines.Text(), "export "); found {
			name, value, _ := strings.Cut(assignment, "=")
			env = append(env, name+"="+strings.Trim(value, "'"))
		}
	}
	require.NoError(t, lines.Err())
	return env
}

// shell runs a line as a user would, in the emulator's environment.
func shell(t *testing.T, env []string, line string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil && os.Getenv("REQUIRE_TOOLS") == "" {
		t.Skip("this test drives the emulator with curl: apt-get install curl")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Env = env
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

func TestCurl(t *testing.T) {
	t.Parallel()
	env := start(t, "-task", "task-1", "-user", "acme/ann:secret", "-deny", "sms:server:getTaskPassphrase", "-fault", "ShowCertKey=503x1")

	const withToken = `curl -sS -w '\n%{http_code}' -H "X-Auth-Token: $HW_AUTH_TOKEN" "$HUAWEICLOUD_SMS_ENDPOINT/v3/tasks/$SMS_TASK_ID/`
	got := shell(t, env, withToken+`certkey?enable_ca_cert=true"`)
	assert.True(t, strings.HasSuffix(got, "\n503"), "the first one fails: %s", got)
	got = shell(t, env, withToken+`certkey?enable_ca_cert=true"`)
	assert.True(t, strings.HasSuffix(got, "\n200"), got)
	assert.Contains(t, got, `"private_key":"-----BEGIN RSA PRIVATE KEY-----\n`)

	got = shell(t, env, withToken+`passphrase"`)
	assert.True(t, strings.HasSuffix(got, "\n403"), got)
	assert.Contains(t, got, "to perform action sms:server:getTaskPassphrase on resource")

	allowed := start(t)
	got = shell(t, allowed, withToken+`passphrase"`)
	assert.True(t, strings.HasSuffix(got, "\n200"), got)
	assert.Contains(t, got, `{"task_id":"demo-task","passphrase":"`)

	got = shell(t, env, `curl -sS -D - -o /dev/null -X POST "$HUAWEICLOUD_SDK_IAM_ENDPOINT/v3/auth/tokens?nocatalog=true" -H 'Content-Type: application/json' `+
		`-d '{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"ann","password":"secret","domain":{"name":"acme"}}}},"scope":{"domain":{"name":"acme"}}}}'`)
	assert.Contains(t, strings.ToLower(got), "x-subject-token: ")
}

// The quickstart, pointed at an endpoint by the environment alone, asks that one.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	got := shell(t, start(t), "go run ../quickstart")
	assert.Contains(t, got, "with the credentials from HUAWEICLOUD_SDK_AK")
	assert.Contains(t, got, "status      401")
}

func TestSeveralFaultsComeInTurn(t *testing.T) {
	t.Parallel()
	env := start(t, "-fault", "ShowPassphrase=503x1", "-fault", "ShowPassphrase=404x1")
	const statuses = `for i in 1 2 3; do curl -sS -o /dev/null -w '%{http_code} ' -H "X-Auth-Token: $HW_AUTH_TOKEN" ` +
		`"$HUAWEICLOUD_SMS_ENDPOINT/v3/tasks/$SMS_TASK_ID/passphrase"; done`
	assert.Equal(t, "503 404 200 ", shell(t, env, statuses))
}

// The lines are for a shell, whatever stands in them.
func TestTheLinesAreQuoted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env")
	env := start(t, "-env", file, "-task", `it's; echo "$HOME"`)
	assert.Equal(t, `it's; echo "$HOME"`, shell(t, env, ". '"+file+`'; printf %s "$SMS_TASK_ID"`))
}

func TestBadFlagsSayWhatToDo(t *testing.T) {
	t.Parallel()
	theirs := filepath.Join(t.TempDir(), "theirs")
	require.NoError(t, os.WriteFile(theirs, []byte("kept"), 0o600))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for says, args := range map[string][]string{
		"DOMAIN/NAME:PASSWORD":       {"-user", "ann"},
		"want one of sms:server:get": {"-deny", "sms:server:delete"},
		"want OPERATION=FAULT":       {"-fault", "503"},
		"with one of ShowCertKey":    {"-fault", "ShowCertkey=503"},
		"none of a status":           {"-fault", "ShowCertKey=oops"},
		"must be 1 to 1000000":       {"-fault", "ShowCertKey=503x0"},
		"must be 1 to":               {"-fault", "ShowCertKey=503x300000000"},
		"empty or no text":           {"-task", "\xff"},
		"-address 127.0.0.1:http-no": {"-address", "127.0.0.1:http-no"},
		"is no flag":                 {"stray"},
		"several of ShowCertKey":     {"-fault", "ShowCertKey=503", "-fault", "ShowCertKey=404x1"},
		"the id is empty":            {"-task", ""},
		"-ca: open":                  {"-ca", theirs},
		"-env: open":                 {"-env", theirs},
		"-iam " + address:            {"-address", address, "-iam", address},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard), says)
	}
	kept, err := os.ReadFile(theirs)
	require.NoError(t, err)
	assert.Equal(t, "kept", string(kept))
}
