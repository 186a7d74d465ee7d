// Footprint is the smallest program that makes both calls: what it links is what
// the library adds to a user's.
package main

import (
	"context"
	"os"

	"example.com/huaweicloud/sms"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, token, taskID string) error {
	client, err := sms.NewClient(endpoint, sms.StaticToken(token))
	if err != nil {
		return err
	}
	if _, err := client.ShowCertKey(ctx, taskID); err != nil {
		return err
	}
	_, err = client.ShowPassphrase(ctx, taskID)
	return err
}
