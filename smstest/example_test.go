package smstest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// seen names what a caller sees of an error.
func seen(err error) string {
	var refused *sms.APIError
	switch {
	case err == nil:
		return "all is well"
	case errors.As(err, &refused):
		return fmt.Sprintf("refused with %d", refused.StatusCode)
	case errors.Is(err, sms.ErrResponseTooLarge):
		return "too large"
	case errors.Is(err, sms.ErrInvalidResponse):
		return "not the documented answer"
	case errors.Is(err, sms.ErrAttemptTimeout):
		return "too late"
	default:
		return "no connection"
	}
}

// call makes one attempt of one call.
func call(srv *smstest.Server, opts ...sms.Option) string {
	client, err := srv.Client(append(opts, sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))...)
	if err != nil {
		return err.Error()
	}
	_, err = client.ShowPassphrase(context.Background(), "task-1")
	return seen(err)
}

// What a caller sees of each fault, where it is not tried again.
func ExampleFault() {
	srv := smstest.NewServer(smstest.WithHTTP1()) // Wire and Reset need it
	defer srv.Close()
	srv.AddTask("task-1")
	try := func(name string, fault smstest.Fault, opts ...sms.Option) {
		srv.FailAlways(smstest.ShowPassphrase, fault)
		fmt.Println(name+":", call(srv, opts...))
	}
	impatient := sms.WithTimeout(50 * time.Millisecond)
	nothing := func(string) string { return "" }

	try("Pass", smstest.Pass())
	try("Status", smstest.Status(http.StatusBadGateway, "<html>"))
	try("Redirect", smstest.Redirect(http.StatusFound, "https://elsewhere.test"))
	try("Change", smstest.Change(func(a *smstest.Answer) { a.Body = a.Body[:10] }))
	try("Gzip", smstest.Gzip())
	try("GzipBomb", smstest.GzipBomb(1<<30))
	try("Flood", smstest.Flood(http.StatusOK, 1<<30, " "))
	try("LongHeader", smstest.LongHeader(20<<20))
	try("Delay", smstest.Delay(time.Millisecond))
	try("Drip", smstest.Drip(10, time.Millisecond))
	try("Hang", smstest.Hang(), impatient)
	try("Stall", smstest.Stall(10), impatient)
	try("Abort", smstest.Abort(10))
	try("Wire", smstest.Wire(func(answer string) string { return strings.Replace(answer, "HTTP", "SMTP", 1) }))
	try("Reset", smstest.Reset(nothing))
	srv.Heal()
	fmt.Println("healed:", call(srv))
	// Output:
	// Pass: all is well
	// Status: refused with 502
	// Redirect: refused with 302
	// Change: not the documented answer
	// Gzip: all is well
	// GzipBomb: too large
	// Flood: too large
	// LongHeader: too large
	// Delay: all is well
	// Drip: all is well
	// Hang: too late
	// Stall: too late
	// Abort: no connection
	// Wire: not the documented answer
	// Reset: no connection
	// healed: all is well
}

// A third of the requests fail, the same ones in each run.
func ExampleServer_FailAtRandom() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.FailAtRandom("", 1, 0.33, smstest.Status(http.StatusServiceUnavailable, ""))
	srv.CloseConnections() // those that are open: the next requests make new ones

	failed := 0
	for range 100 {
		if call(srv) != "all is well" {
			failed++
		}
	}
	fmt.Println(failed > 20 && failed < 45)
	// Output: true
}

func ExampleNewServer() {
	srv := smstest.NewServer(
		smstest.WithAddress(smstest.SMS, "127.0.0.1:0"), // or a port of one's own
		smstest.WithBasePath("/gateway"),
		smstest.WithMaterial(smstest.Material{Key: smstest.P256}),
		smstest.WithRequiredContentType(),
		smstest.WithTokenLength(16384),
		smstest.WithClock(func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }),
	)
	defer srv.Close()
	material, _ := srv.AddTask("task-1")

	pair, err := material.Source().TLSCertificate(sms.Secret{})
	fmt.Println(strings.HasSuffix(srv.Endpoint(), "/gateway"), len(srv.Token()), pair.Leaf.PublicKeyAlgorithm, err)
	// Output: true 16384 ECDSA <nil>
}

// Credentials that end: the signer renews them, and nobody notices.
func ExampleServer_RevokeTokens() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.AddUser("my-account", "agent", "correct horse")
	srv.SetTokenLifetime(time.Hour)
	client, err := sms.NewClient(srv.Endpoint(), sms.PasswordToken(sms.PasswordConfig{
		Domain: "my-account", User: "agent", Password: sms.NewSecret("correct horse"),
	}, srv.SignerOptions()...), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}

	for range 2 {
		_, err = client.ShowPassphrase(context.Background(), "task-1")
		fmt.Println(seen(err))
		srv.RevokeTokens()
	}
	fmt.Println(len(srv.RequestsFor(smstest.CreateToken)), "tokens")
	// Output:
	// all is well
	// all is well
	// 2 tokens
}

// Temporary keys from the metadata service of an ECS, one of the old kind.
func ExampleServer_RevokeKeys() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.SetMetadataMode(smstest.MetadataV1)
	srv.SetKeyLifetime(time.Hour)
	source := sms.ECSMetadata(sms.WithMetadataEndpoint(srv.MetadataEndpoint()))
	client, err := sms.NewClient(srv.Endpoint(), sms.AccessKeyFrom(source, srv.SignerOptions()...), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}

	for range 2 {
		_, err = client.ShowPassphrase(context.Background(), "task-1")
		fmt.Println(seen(err))
		srv.RevokeKeys()
	}
	// Output:
	// all is well
	// all is well
}

// A clock that is an hour off: the client corrects its own by the service's.
func ExampleServer_SetClockOffset() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	srv.SetClockOffset(time.Hour)
	client, err := sms.NewClient(srv.Endpoint(), sms.StaticAccessKey(srv.AccessKey()), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(seen(err), len(srv.Requests()))
	// Output: all is well 2
}

// An access key whose owner belongs to two accounts.
func ExampleServer_SetDomains() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.SetDomains(smstest.Domain{ID: "1", Name: "one"}, smstest.Domain{ID: "2", Name: "two"})
	key := srv.AccessKey()
	key.DomainID = "" // to be looked up
	client, err := sms.NewClient(srv.Endpoint(), sms.StaticAccessKey(key, srv.SignerOptions()...), sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowPassphrase(context.Background(), "task-1")
	fmt.Println(strings.Contains(err.Error(), "one, two"))
	// Output: true
}

func ExampleServer_RotatePodToken() {
	srv := smstest.NewServer()
	defer srv.Close()
	before := srv.PodToken()
	fmt.Println(srv.RotatePodToken() == before, srv.PodToken() == before)
	// Output: false false
}

// A task with material that is not right, and one that ends.
func ExampleServer_SetTask() {
	srv := smstest.NewServer()
	defer srv.Close()
	_, pass := srv.AddTask("task-1")

	pass.TaskID = "another"
	srv.SetTask("task-1", nil, pass)
	fmt.Println(call(srv), "/", call(srv, sms.AllowTaskIDMismatch()))
	srv.RemoveTask("task-1")
	fmt.Println(call(srv))
	// Output:
	// not the documented answer / all is well
	// refused with 404
}

func ExampleServer_Deny() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")

	srv.Deny(smstest.ActionGetTaskPassphrase)
	fmt.Println(call(srv))
	srv.Allow(smstest.ActionGetTaskPassphrase)
	fmt.Println(call(srv))
	// Output:
	// refused with 403
	// all is well
}

func ExampleServer_Requests() {
	srv := smstest.NewServer()
	defer srv.Close()
	srv.AddTask("task-1")
	call(srv)
	srv.ForgetRequests()
	call(srv)

	for _, r := range srv.Requests() {
		fmt.Println(r.Operation, r.TaskID, r.StatusCode, r.Header.Get("X-Auth-Token")) // credentials are left out
	}
	// Output: ShowPassphrase task-1 200 [REDACTED]
}

// Any other HTTP client can be made to trust the server.
func ExampleServer_CertPool() {
	srv := smstest.NewServer()
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: srv.CertPool(), MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.Endpoint()+"/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, strings.HasPrefix(srv.CACertificate(), "-----BEGIN CERTIFICATE-----")) // as PEM, for other programs
	// Output: 200 true
}
