package interop

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The emulator is a program of its own; what it prints is all that the official
// client is told.
func TestTheOfficialClientIsServedByTheEmulator(t *testing.T) {
	program := filepath.Join(t.TempDir(), "emulator")
	text, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "example.com/huaweicloud/sms/examples/emulator").CombinedOutput()
	require.NoError(t, err, string(text))
	emulator := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-task", "task-1", "-ca", filepath.Join(t.TempDir(), "ca.pem"))
	out, err := emulator.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, emulator.Start())
	t.Cleanup(func() {
		assert.NoError(t, emulator.Process.Signal(os.Interrupt))
		assert.NoError(t, emulator.Wait())
	})
	env := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		env[name] = strings.Trim(value, "'")
	}

	t.Setenv("HOME", t.TempDir())
	credential, err := global.NewCredentialsBuilder().WithAk(env["HUAWEICLOUD_SDK_AK"]).WithSk(env["HUAWEICLOUD_SDK_SK"]).
		WithIamEndpointOverride(env["HUAWEICLOUD_SDK_IAM_ENDPOINT"]).WithDomainId(env["HUAWEICLOUD_SDK_DOMAIN_ID"]).SafeBuild()
	require.NoError(t, err)
	hc, err := official.SmsClientBuilder().WithCredentialsType("global.Credentials").WithEndpoint(env["HUAWEICLOUD_SMS_ENDPOINT"]).
		WithCredential(credential).WithHttpConfig(config.DefaultHttpConfig().WithIgnoreSSLVerification(true)).SafeBuild()
	require.NoError(t, err)
	client := official.NewSmsClient(hc)
	enable := true
	material, err := client.ShowCertKey(&model.ShowCertKeyRequest{TaskId: env["SMS_TASK_ID"], EnableCaCert: &enable})
	require.NoError(t, err)
	assert.Contains(t, *material.Cert, "BEGIN CERTIFICATE")
	pass, err := client.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: env["SMS_TASK_ID"]})
	require.NoError(t, err)
	assert.Equal(t, "task-1", *pass.TaskId)
}
