// Ours gets a token from IAM and makes one call.
package main

import (
	"context"
	"os"

	"example.com/huaweicloud/sms"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, iam, password, taskID string) error {
	signer := sms.PasswordToken(sms.PasswordConfig{Domain: "domain", User: "user", Password: sms.NewSecret(password)},
		sms.WithIAMEndpoint(iam))
	client, err := sms.NewClient(endpoint, signer)
	if err != nil {
		return err
	}
	_, err = client.ShowCertKey(ctx, taskID)
	return err
}
