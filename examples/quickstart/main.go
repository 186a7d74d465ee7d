// Quickstart fetches the certificates, private keys and passphrase of a migration
// task and prints what a person wants to know of them.
//
// With nothing configured it starts the service in its own process, from package
// smstest. With SMS_TASK_ID set it asks the endpoint that the environment names
// (HUAWEICLOUD_SMS_ENDPOINT or HW_REGION_NAME), with the credentials that
// sms.SignerFromEnv finds.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context) error {
	service, err := open()
	if err != nil {
		return err
	}
	defer service.close()
	fmt.Println(service.name)

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	material, err := service.client.ShowCertKey(ctx, service.taskID)
	if err != nil {
		return err
	}
	pass, err := service.client.ShowPassphrase(ctx, service.taskID)
	if err != nil {
		return err
	}
	fmt.Printf("\nTask %s\n\n", service.taskID)
	printMaterial(os.Stdout, material, pass)

	fmt.Println("\nThe same call, refused:")
	_, err = service.refused().ShowCertKey(ctx, service.taskID)
	return printRefusal(err)
}

// printRefusal shows what an error holds. A call that was not refused is an error here.
func printRefusal(err error) error {
	var refused *sms.APIError
	switch {
	case err == nil:
		return errors.New("the call was to be refused, and was not")
	case !errors.As(err, &refused):
		return err
	}
	fmt.Printf("  status      %d, forbidden: %v, unauthorized: %v\n", refused.StatusCode,
		errors.Is(err, sms.ErrForbidden), errors.Is(err, sms.ErrUnauthorized))
	fmt.Printf("  code        %s\n  message     %s\n  request id  %s\n", refused.Code, refused.Message, refused.RequestID)
	for _, detail := range refused.Details {
		fmt.Printf("  because     %s: %s\n", detail.Code, detail.Message)
	}
	fmt.Printf("  as a line   %v\n", err)
	return nil
}

// service is what the example talks to.
type service struct {
	name    string
	client  *sms.Client
	refused func() *sms.Client // one whose calls are refused from then on
	taskID  string
	close   func()
}

// open returns the configured service or, where none is, one of its own.
func open() (*service, error) {
	taskID := os.Getenv("SMS_TASK_ID")
	switch {
	case taskID == "" && os.Getenv("HUAWEICLOUD_SMS_ENDPOINT") == "":
		return embedded()
	case taskID == "":
		return nil, errors.New("HUAWEICLOUD_SMS_ENDPOINT is set: set SMS_TASK_ID to a migration task as well")
	}
	client, err := sms.NewClientFromEnv()
	if err != nil {
		return nil, err
	}
	stranger, err := sms.NewClient(client.Endpoint(), sms.StaticToken("not-a-token"))
	if err != nil {
		return nil, err
	}
	return &service{
		name:   "Asking " + client.Endpoint() + " with the credentials from " + client.CredentialSource() + ".",
		client: client, taskID: taskID,
		refused: func() *sms.Client { return stranger },
		close:   client.CloseIdleConnections,
	}, nil
}

// embedded starts the fake service. The client is refused once its permission
// has been taken away.
func embedded() (*service, error) {
	srv := smstest.NewServer()
	_, pass := srv.AddTask("")
	client, err := srv.Client()
	if err != nil {
		srv.Close()
		return nil, err
	}
	return &service{
		name: "No endpoint is configured (HUAWEICLOUD_SMS_ENDPOINT, SMS_TASK_ID): this is the fake service of package smstest, in this process, at " +
			srv.Endpoint() + ".",
		client: client, taskID: pass.TaskID,
		refused: func() *sms.Client {
			srv.Deny(smstest.ActionGetCert)
			return client
		},
		close: srv.Close,
	}, nil
}
