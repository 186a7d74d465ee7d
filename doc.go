// Package sms is a client of the Huawei Cloud Server Migration Service (SMS), v3,
// for Go services that drive or replace its migration agent. It fetches a task's
// certificates and private keys and the passphrase that opens them, and turns
// them into the TLS channel that moves the data.
//
//	client, err := sms.NewClient("https://sms.ap-southeast-3.myhuaweicloud.com", sms.StaticToken(token))
//	if err != nil {
//		return err
//	}
//	material, err := client.ShowCertKey(ctx, taskID)
//	if err != nil {
//		return err
//	}
//	pass, err := client.ShowPassphrase(ctx, taskID)
//	if err != nil {
//		return err
//	}
//	conf, err := material.SourceTLS(pass.Passphrase)
//	if err != nil {
//		return err
//	}
//	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", target+":8900")
//
// A Client is safe for concurrent use; make one and keep it.
//
// # Authentication
//
// A [Signer] authenticates each attempt: [StaticToken] sends an IAM token,
// [PasswordToken] gets tokens from IAM and renews them, [TokenFrom] does so from a source of
// your own; [StaticAccessKey] signs with an AK/SK pair, [AccessKeyFrom] with
// temporary ones that it renews, such as those of [ECSMetadata] and [PodIdentity]. [AgencyToken] and
// [FederatedToken] stand in for another's account. [SignerFromEnv] finds credentials where the SDKs and Terraform look for them. Any type with a Sign method will
// do; with a Refresh method as well it can cure a 401.
//
// # Answers
//
// An answer is right or there is an error. A success is status 200 with one JSON
// object that holds the documented fields: an empty body, null, HTML, an error
// object, duplicate names, invalid UTF-8 or anything behind the object is
// [ErrInvalidResponse]. A body is read up to a limit, 1 MiB by default, and never followed
// to another place: a redirect is an error.
//
// # Errors
//
// A refusal is an [*APIError] with all that the service said. Class it with
// errors.Is, get at its fields with errors.As:
//
//	var refused *sms.APIError
//	switch {
//	case errors.Is(err, sms.ErrForbidden):
//		log.Print(err) // names the permission to ask for
//	case errors.Is(err, sms.ErrNotFound):
//		// no such task
//	case errors.Is(err, sms.ErrAttemptTimeout):
//		// the service did not answer in time
//	case errors.Is(err, context.DeadlineExceeded):
//		// our own deadline
//	case errors.As(err, &refused):
//		log.Printf("%d %s, request id %s", refused.StatusCode, refused.Code, refused.RequestID)
//	}
//
// Where no answer came, the cause is in the chain: net.Error, *net.OpError, *net.DNSError,
// *tls.CertificateVerificationError, context.Canceled. Every error names the operation
// and says what to do.
//
// # Retries
//
// Both calls are GETs, and are sent up to three times:
//
//	retried                                       not retried
//	408, 429, 500, 502, 503, 504                  every other status
//	connection refused, reset or closed early     certificate and other TLS errors
//	an attempt's time-out                         the caller's deadline, a cancellation
//	temporary failure of name resolution          an unknown host
//	HTTP/2 GOAWAY and reset streams               malformed or oversized answers
//	                                              what a signer fails at: it retries by itself
//
// A 401 that the signer can cure, by renewing a token or by the service's clock, is sent once
// more within its attempt. What is not retried would fail again, or must be seen. The wait is drawn at
// random from 0 to 100 ms, doubled with each attempt, at most 5 s; after a 429 from 0 to a
// second at least. A Retry-After, in seconds or as a date, is waited for up to
// those 5 s; a longer one ends the call at once with the hint in
// APIError.RetryAfter, as does a wait that would pass the context's deadline, with the last
// error. A client's retries come from a budget of 100 that 5 successes refill by one, so that
// an outage is not multiplied. [WithRetry] changes the policy.
//
// # Secrets
//
// Private keys, passphrases, tokens and passwords are of type [Secret], which prints, logs and
// marshals as "[REDACTED]"; Reveal is the only way to the value. Credentials are
// put on a request below everything that could log it, and are blotted out of whatever the
// service says in an error. What a transport, a trace or a debug variable of your own sees is
// up to you.
//
// # Logs and metrics
//
// Nothing is logged without [WithLogger]. [WithObserver] is told of each attempt.
//
// # Tests
//
// Package smstest runs the service on your own machine: real HTTPS, real
// certificates, and faults at will.
//
// # Compatibility
//
// The library follows semantic versioning. Before v1 a minor version may change the API; the
// changelog shows how to follow. It needs the latest two releases of Go, from 1.26 on.
//
// The facts about the service come from its API pages:
// https://support.huaweicloud.com/intl/en-us/api-sms/ShowSsl.html and
// https://support.huaweicloud.com/intl/en-us/api-sms/ShowPassphrase.html.
package sms
