package sms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func Example() {
	srv := smstest.NewServer() // in place of the real service
	defer srv.Close()
	srv.AddTask("task-1")
	ctx := context.Background()

	client, err := sms.NewClient(srv.Endpoint(), sms.StaticToken(srv.Token()), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}
	material, err := client.ShowCertKey(ctx, "task-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	pass, err := client.ShowPassphrase(ctx, "task-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	conf, err := material.SourceTLS(pass.Passphrase)
	fmt.Println(material.PrivateKey, pass.Passphrase, len(conf.Certificates), err)
	// Output: [REDACTED] [REDACTED] 1 <nil>
}

// The three kinds of failure that the API's own samples catch: no connection, a
// time-out, and a refusal by the service.
func Example_errors() {
	describe := func(err error) string {
		var (
			refused *sms.APIError
			network *net.OpError
			cert    *tls.CertificateVerificationError
		)
		switch {
		case errors.Is(err, sms.ErrAttemptTimeout), errors.Is(err, context.DeadlineExceeded):
			return "time-out: ours or the attempt's"
		case errors.As(err, &refused):
			return fmt.Sprintf("service response: %d %s", refused.StatusCode, refused.Code)
		case errors.As(err, &cert):
			return "connection: the certificate is not trusted"
		case errors.As(err, &network):
			return "connection: " + network.Op
		default:
			return err.Error()
		}
	}
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.Deny(smstest.ActionGetCert)
	ctx := context.Background()

	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.ShowCertKey(ctx, "task-1")
	fmt.Println(describe(err))

	past, cancel := context.WithDeadline(ctx, time.Now())
	defer cancel()
	_, err = client.ShowCertKey(past, "task-1")
	fmt.Println(describe(err))

	nobody, err := sms.NewClient("https://127.0.0.1:1", sms.StaticToken("token"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = nobody.ShowCertKey(ctx, "task-1")
	fmt.Println(describe(err))
	// Output:
	// service response: 403 SMS.9004
	// time-out: ours or the attempt's
	// connection: dial
}

func ExampleEndpoint() {
	endpoint, err := sms.Endpoint("ap-southeast-3")
	fmt.Println(endpoint, err)
	_, err = sms.Endpoint("atlantis-1")
	fmt.Println(err)
	// Output:
	// https://sms.ap-southeast-3.myhuaweicloud.com <nil>
	// sms: invalid argument: unknown region "atlantis-1": the known ones are ap-southeast-3, cn-north-4, my-kualalumpur-1, ru-moscow-1; for another pass its endpoint to NewClient
}

func ExampleSecret() {
	key := sms.NewSecret("-----BEGIN RSA PRIVATE KEY-----")
	fmt.Printf("%v %+v %q %x\n", key, key, key, key)
	fmt.Println(key.Reveal(), key.IsZero())
	// Output:
	// [REDACTED] [REDACTED] [REDACTED] [REDACTED]
	// -----BEGIN RSA PRIVATE KEY----- false
}

func ExampleAPIError() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.Deny(smstest.ActionGetTaskPassphrase)
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.ShowPassphrase(context.Background(), "task-1")
	var refused *sms.APIError
	if errors.Is(err, sms.ErrForbidden) && errors.As(err, &refused) {
		fmt.Println(refused.Operation, refused.StatusCode, refused.Code, len(refused.Details))
	}
	// Output: ShowPassphrase 403 SMS.9004 1
}
