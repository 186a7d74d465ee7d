package sms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// openChannel fetches a task's keys and dials its target.
func openChannel(ctx context.Context, token, taskID, targetAddr string) error {
	client, err := sms.NewClient("https://sms.ap-southeast-3.myhuaweicloud.com", sms.StaticToken(token))
	if err != nil {
		return err
	}
	material, err := client.ShowCertKey(ctx, taskID)
	if errors.Is(err, sms.ErrForbidden) {
		return fmt.Errorf("ask the administrator: %w", err) // the error names the permission and the request
	}
	if err != nil {
		return err
	}
	pass, err := client.ShowPassphrase(ctx, taskID)
	if err != nil {
		return err
	}
	conf, err := material.SourceTLS(pass.Passphrase)
	if err != nil {
		return err
	}
	slog.Info("dialling", "material", material) // keys print as [REDACTED]
	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", targetAddr+":8900")
	if err != nil {
		return err
	}
	return conn.Close()
}

func ExampleNewClient() {
	fmt.Println(openChannel(context.Background(), "", "task-1", "192.0.2.1"))
	// Output: sms: invalid argument: the token is empty
}

// counters count attempts by operation and status, and retries.
type counters struct {
	mu       sync.Mutex // many attempts come at a time
	attempts map[string]int
	retries  int
}

func (c *counters) observe(_ context.Context, a sms.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts[fmt.Sprintf("%s %d", a.Operation, a.StatusCode)]++
	if a.Retry {
		c.retries++
	}
}

func ExampleWithObserver() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.Fail(smstest.ShowCertKey, smstest.Status(503, ""))

	counted := counters{attempts: map[string]int{}}
	client, err := srv.Client(sms.WithObserver(counted.observe))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = client.ShowCertKey(context.Background(), "task-1")
	_, _ = client.ShowCertKey(context.Background(), "task-2")
	fmt.Println(counted.attempts, counted.retries)
	// Output: map[ShowCertKey 200:1 ShowCertKey 404:1 ShowCertKey 503:1] 1
}

// certKeys is what a service of the user's own needs of a client: *sms.Client
// meets it, and so does a mock.
type certKeys interface {
	ShowCertKey(ctx context.Context, taskID string, opts ...sms.CertKeyOption) (*sms.CertKey, error)
	ShowPassphrase(ctx context.Context, taskID string) (*sms.Passphrase, error)
}

// isReady is a user's service.
func isReady(ctx context.Context, client certKeys, taskID string) string {
	_, err := client.ShowPassphrase(ctx, taskID)
	switch {
	case errors.Is(err, sms.ErrNotFound):
		return "no such task"
	case err != nil:
		return "ask again later"
	default:
		return "ready"
	}
}

// noCertKeys is a mock.
type noCertKeys struct{ err error }

func (m noCertKeys) ShowCertKey(context.Context, string, ...sms.CertKeyOption) (*sms.CertKey, error) {
	return nil, m.err
}

func (m noCertKeys) ShowPassphrase(context.Context, string) (*sms.Passphrase, error) {
	return nil, m.err
}

// A mock of two methods serves where no HTTP is wanted.
func Example_mock() {
	fmt.Println(isReady(context.Background(), noCertKeys{&sms.APIError{StatusCode: 404}}, "task-1"))
	fmt.Println(isReady(context.Background(), noCertKeys{&sms.APIError{StatusCode: 503}}, "task-1"))
	// Output:
	// no such task
	// ask again later
}

// A mock may tell less than the service: this is what a service of the user's own
// looks like under test with package smstest, in TestIsReady.
func Example_testing() {
	srv := smstest.NewServer() // HTTPS on a loopback port
	defer srv.Close()
	material, pass := srv.AddTask("task-1")
	client, err := srv.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := client.ShowCertKey(context.Background(), "task-1")
	fmt.Println(got.Equal(material), pass.TaskID, err)

	srv.Deny(smstest.ActionGetCert) // from now on refused with the documented 403
	_, err = client.ShowCertKey(context.Background(), "task-1")
	fmt.Println(errors.Is(err, sms.ErrForbidden))
	// Output:
	// true task-1 <nil>
	// true
}
