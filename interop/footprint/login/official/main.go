// Official makes one call with the official SDK, which knows no passwords: it looks
// up at IAM the account that its access key belongs to.
package main

import (
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		os.Exit(1)
	}
}

func run(endpoint, iam, secret, taskID string) error {
	credential, err := global.NewCredentialsBuilder().WithAk("AK").WithSk(secret).WithIamEndpointOverride(iam).SafeBuild()
	if err != nil {
		return err
	}
	hc, err := official.SmsClientBuilder().WithCredentialsType("global.Credentials").WithEndpoint(endpoint).
		WithCredential(credential).WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		return err
	}
	enable := true
	_, err = official.NewSmsClient(hc).ShowCertKey(&model.ShowCertKeyRequest{TaskId: taskID, EnableCaCert: &enable})
	return err
}
