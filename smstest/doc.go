// Package smstest runs the Server Migration Service on the user's own machine, for
// tests and demonstrations. It is shaped like net/http/httptest:
//
//	srv := smstest.NewServer()
//	defer srv.Close()
//	material, pass := srv.AddTask("task-1")
//	client, err := srv.Client()
//	if err != nil {
//		return err
//	}
//	got, err := client.ShowCertKey(ctx, "task-1") // got.Equal(material)
//
// The server speaks real HTTPS on a loopback port, HTTP/2 included, with a certificate
// that only HTTPClient trusts. It checks tokens and signatures as the API
// gateway does and refuses with the gateway's and the service's documented bodies. Every
// task has a PKI of its own, made on the spot: a certificate authority, the
// source's pair and the target's two, which complete mutual TLS handshakes.
//
// What can go wrong does so on demand: an action is denied (Deny), the 2nd request
// fails (Fail), every tenth answer is garbage (FailAtRandom), a connection is reset or
// stalls (FailConnections), the certificate has expired (BreakTLS), tokens are revoked
// (RevokeTokens), the clock is off (SetClockOffset). IAM, STS, an ECS's metadata service and
// a pod's identity are played as well.
//
// Time is real: a client that retries waits, up to a second after a 429. Tests in a hurry give
// it sms.WithRetry(sms.RetryPolicy{MaxDelay: time.Millisecond}). The server listens on the network, so
// it is not for bubbles of testing/synctest.
//
// The RSA keys of the tasks come from a file of this package, so that hundreds of
// tests need not generate them. They are public and worth nothing; certificates
// and authorities are fresh.
package smstest
