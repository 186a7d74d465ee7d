package sms_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func ExampleClient_ShowCertKey() {
	srv := smstest.NewServer() // in place of the real service
	defer srv.Close()
	srv.AddTask("task-1")
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	material, err := client.ShowCertKey(context.Background(), "task-1", sms.EnableCACert(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("CA: %q, key: %v\n", material.CA, material.PrivateKey)

	_, err = client.ShowCertKey(context.Background(), "../tokens")
	fmt.Println(err)
	// Output:
	// CA: "", key: [REDACTED]
	// sms: invalid argument: ShowCertKey: the task id has a character that is none of A-Z a-z 0-9 . _ ~ - at byte 3
}

func ExampleClient_ShowPassphrase() {
	srv := smstest.NewServer()
	defer srv.Close()
	_, known := srv.AddTask("task-1")
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}

	pass, err := client.ShowPassphrase(context.Background(), "task-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pass.TaskID, pass.Passphrase, pass.Equal(known))
	// Output: task-1 [REDACTED] true
}

func ExampleSignerFromEnv() {
	os.Setenv("HW_AUTH_TOKEN", "a token")
	defer os.Unsetenv("HW_AUTH_TOKEN")

	signer, err := sms.SignerFromEnv()
	fmt.Println(sms.CredentialSource(signer), err)
	// Output: HW_AUTH_TOKEN <nil>
}

// keys is a source of temporary keys of the user's own.
type keys struct{ srv *smstest.Server }

func (k keys) AccessKey(context.Context) (sms.AccessKey, error) {
	return k.srv.NewTemporaryKey(), nil // with ExpiresAt: it is renewed before
}

func ExampleAccessKeyFrom() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	fetch(srv, sms.AccessKeyFrom(keys{srv}, sms.WithoutDomainID()))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleWithIAMEndpoint() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddUser("my-account", "agent", "correct horse")

	fetch(srv, sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, sms.WithIAMEndpoint(srv.IAMEndpoint()), sms.WithIAMHTTPClient(srv.HTTPClient())))

	_, err := sms.NewClient(srv.Endpoint(), sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, sms.WithIAMEndpoint("http://iam.test")))
	fmt.Println(err)
	loopback := []sms.SignerOption{sms.WithIAMEndpoint("http://127.0.0.1:8080"), sms.WithInsecureIAM()}
	_, err = sms.NewClient(srv.Endpoint(), sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, loopback...))
	fmt.Println(err)
	// Output:
	// &{task-1 [REDACTED]} <nil>
	// IAM: sms: invalid argument: the endpoint is plain http, where keys would travel in the clear (WithInsecureIAM allows it, for tests); it should look like https://iam.myhuaweicloud.com
	// <nil>
}

func ExampleIDTokenFile() {
	idToken := sms.IDTokenFile("/var/run/secrets/tokens/none") // read anew at each renewal
	_, err := idToken(context.Background())
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}

func ExampleRegions() {
	for _, region := range sms.Regions() {
		endpoint, _ := sms.Endpoint(region)
		fmt.Println(endpoint)
	}
	// Output:
	// https://sms.ap-southeast-3.myhuaweicloud.com
	// https://sms.cn-north-4.myhuaweicloud.com
	// https://sms.my-kualalumpur-1.myhuaweicloud.com
	// https://sms-api.ru-moscow-1.myhuaweicloud.com
}

func ExampleWithRetry() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.FailAlways(smstest.ShowPassphrase, smstest.Status(http.StatusServiceUnavailable, ""))
	client, err := srv.Client(
		sms.WithRetry(sms.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Millisecond}),
		sms.WithTimeout(5*time.Second), // of one attempt
		sms.WithMaxResponseSize(64<<10),
		sms.WithUserAgent("backup-agent/2.1"),
		sms.AllowTaskIDMismatch(),
	)
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(errors.Is(err, sms.ErrServer), len(srv.Requests()))
	// Output: true 2
}

func ExampleWithLogger() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.Fail(smstest.ShowPassphrase, smstest.Status(http.StatusServiceUnavailable, "", "Retry-After", "0"))
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "wait" { // these differ at each run
				return slog.Attr{}
			}
			return a
		},
	}))
	client, err := srv.Client(sms.WithLogger(logger))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(err)
	// Output:
	// level=INFO msg="sms: retry" operation=ShowPassphrase attempt=1 reason="503 Service Unavailable"
	// <nil>
}

func ExampleWithHTTPClient() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	// A transport with a proxy, a private CA or tracing goes the same way.
	client, err := sms.NewClient(srv.Endpoint(), sms.StaticToken(srv.Token()), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithInsecureHTTP() {
	_, err := sms.NewClient("http://127.0.0.1:8080", sms.StaticToken("token"))
	fmt.Println(err)
	_, err = sms.NewClient("http://127.0.0.1:8080", sms.StaticToken("token"), sms.WithInsecureHTTP())
	fmt.Println(err)
	// Output:
	// sms: invalid argument: the endpoint is plain http, where keys would travel in the clear (WithInsecureHTTP allows it, for tests); it should look like https://sms.ap-southeast-3.myhuaweicloud.com
	// <nil>
}

func ExampleAPIError_Denied() {
	srv := smstest.NewServer(smstest.WithAccessKey(sms.AccessKey{ID: "AK", Secret: sms.NewSecret("SK"), DomainID: "my-domain"}))
	defer srv.Close()
	srv.Deny(smstest.ActionGetCert)
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowCertKey(context.Background(), "task-1")
	if refused, ok := errors.AsType[*sms.APIError](err); ok {
		action, resource := refused.Denied()
		fmt.Printf("ask for %s on %s\n", action, resource)
	}
	// Output: ask for sms:server:getCert on sms::my-domain:server:task-1
}

func ExampleSTSEndpoint() {
	fmt.Println(sms.STSEndpoint("cn-north-4"))
	// Output: https://sts.cn-north-4.myhuaweicloud.com <nil>
}
