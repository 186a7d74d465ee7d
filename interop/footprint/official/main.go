// Official makes the two calls with the official SDK. It signs with an access key
// made of the token that it is given, as the SDK knows no tokens.
package main

import (
	"os"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		os.Exit(1)
	}
}

func run(endpoint, secret, taskID string) error {
	credential, err := global.NewCredentialsBuilder().WithAk("AK").WithSk(secret).WithDomainId("domain").SafeBuild()
	if err != nil {
		return err
	}
	hc, err := official.SmsClientBuilder().WithCredentialsType("global.Credentials").WithEndpoint(endpoint).
		WithCredential(credential).WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		return err
	}
	client := official.NewSmsClient(hc)
	enable := true
	if _, err := client.ShowCertKey(&model.ShowCertKeyRequest{TaskId: taskID, EnableCaCert: &enable}); err != nil {
		return err
	}
	_, err = client.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: taskID})
	return err
}
