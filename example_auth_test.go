package sms_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// fetch makes a client with signer and one call, and says how it went.
func fetch(srv *smstest.Server, signer sms.Signer) {
	client, err := sms.NewClient(srv.Endpoint(), signer, sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}
	pass, err := client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(pass, err)
}

func ExampleStaticToken() {
	srv := smstest.NewServer() // in place of the real service
	defer srv.Close()
	srv.AddTask("task-1")

	fetch(srv, sms.StaticToken(srv.Token()))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExamplePasswordToken() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddUser("my-account", "agent", "correct horse")

	fetch(srv, sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, srv.SignerOptions()...)) // without options it asks https://iam.myhuaweicloud.com
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExamplePasswordToken_secondFactor() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	userID := srv.AddUser("my-account", "agent", "correct horse")
	srv.RequireTOTP(userID, "314159")

	fetch(srv, sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", UserID: userID, Password: sms.NewSecret("correct horse"),
		TOTP: func(context.Context) (string, error) { return "314159", nil }, // from a device or a library
	}, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleAgencyToken() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddUser("my-account", "agent", "correct horse")
	srv.AddAgency("customer", "migration")

	user := sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, srv.SignerOptions()...)
	fetch(srv, sms.AgencyToken(sms.AgencyConfig{Domain: "customer", Agency: "migration"}, user, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleFederatedToken() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddIDToken("my-provider", "an id token")

	fetch(srv, sms.FederatedToken(sms.FederatedConfig{
		Provider: "my-provider",
		IDToken:  func(context.Context) (string, error) { return "an id token", nil }, // or sms.IDTokenFile(name)
	}, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleFederatedAccessKey() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddIDToken("my-provider", "an id token")

	source := sms.FederatedAccessKey(sms.FederatedConfig{
		Provider: "my-provider",
		IDToken:  func(context.Context) (string, error) { return "an id token", nil },
	}, srv.SignerOptions()...)
	fetch(srv, sms.AccessKeyFrom(source, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

// vault is a source of tokens of the user's own.
type vault struct{ srv *smstest.Server }

func (v vault) Token(context.Context) (sms.Token, error) {
	return sms.Token{Value: sms.NewSecret(v.srv.Token())}, nil
}

func ExampleTokenFrom() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	fetch(srv, sms.TokenFrom(vault{srv}))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleStaticAccessKey() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	known := srv.AccessKey()

	fetch(srv, sms.StaticAccessKey(sms.AccessKey{ID: known.ID, Secret: known.Secret},
		srv.SignerOptions()...)) // the domain id is looked up in IAM
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleECSMetadata() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	source := sms.ECSMetadata(sms.WithMetadataEndpoint(srv.MetadataEndpoint())) // on an ECS: sms.ECSMetadata()
	fetch(srv, sms.AccessKeyFrom(source, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExamplePodIdentity() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	file, err := os.CreateTemp("", "pod-token")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	fmt.Fprintln(file, srv.PodToken())

	source := sms.PodIdentity(srv.PodIdentityEndpoint(), file.Name()) // in a pod both stand in HC_CONTAINER_… variables
	fetch(srv, sms.AccessKeyFrom(source, srv.SignerOptions()...))
	// Output: &{task-1 [REDACTED]} <nil>
}

// gatewayKey is a signer of the user's own, for a gateway that wants a header.
type gatewayKey struct{ key sms.Secret }

func (g gatewayKey) Sign(req *http.Request) error {
	req.Header.Set("X-Auth-Token", g.key.Reveal())
	return nil
}

func ExampleSigner() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	fetch(srv, gatewayKey{sms.NewSecret(srv.Token())})
	// Output: &{task-1 [REDACTED]} <nil>
}

// rotatingKey is a gatewayKey that is rotated now and then: after a 401 it is read
// anew, unless another call has done so in the meantime.
type rotatingKey struct {
	key  atomic.Pointer[sms.Secret]
	read func(context.Context) (sms.Secret, error)
	turn chan struct{} // of one place: who has it reads
}

var _ sms.Refresher = (*rotatingKey)(nil)

func (r *rotatingKey) Sign(req *http.Request) error { return gatewayKey{*r.key.Load()}.Sign(req) }

func (r *rotatingKey) Refresh(refused *http.Response) (retry bool, err error) {
	ctx := refused.Request.Context()
	select { // nobody waits longer than their own context allows
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if refused.Request.Header.Get("X-Auth-Token") == r.key.Load().Reveal() {
		key, err := r.read(ctx)
		if err != nil {
			return false, err
		}
		r.key.Store(&key)
	}
	return true, nil
}

func ExampleRefresher() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	signer := &rotatingKey{
		read: func(context.Context) (sms.Secret, error) { return sms.NewSecret(srv.Token()), nil },
		turn: make(chan struct{}, 1),
	}
	old := sms.NewSecret("an old key")
	signer.key.Store(&old)
	fetch(srv, signer)
	// Output: &{task-1 [REDACTED]} <nil>
}

func ExampleNewClientFromEnv() {
	for name, value := range map[string]string{ // what stands in the environment of the program
		"HUAWEICLOUD_SMS_ENDPOINT": "https://sms.ap-southeast-3.myhuaweicloud.com",
		"CLOUD_SDK_AK":             "an access key id",
		"CLOUD_SDK_SK":             "its secret",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	client, err := sms.NewClientFromEnv()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Endpoint(), "with", client.CredentialSource())
	// Output: https://sms.ap-southeast-3.myhuaweicloud.com with CLOUD_SDK_AK, CLOUD_SDK_SK
}
