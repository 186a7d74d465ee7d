package sms_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// whatToAskFor returns what to ask the administrator for after a refusal. key signs
// the question to STS, which no token does.
func whatToAskFor(ctx context.Context, err error, stsEndpoint string, key sms.Signer, opts ...sms.Option) string {
	var refused *sms.APIError
	if !errors.Is(err, sms.ErrForbidden) || !errors.As(err, &refused) {
		return "nothing: " + err.Error()
	}
	action, resource := refused.Denied()
	if action == "" { // the gateway's or IAM's refusal, and not SMS's
		return "help with " + err.Error()
	}
	server := resource[strings.LastIndex(resource, ":")+1:]
	text := fmt.Sprintf("%s on server %s (request %s)", action, server, refused.RequestID)
	denial, err := sms.DecodeAuthorizationMessage(ctx, stsEndpoint, key, refused.EncodedAuthorizationMessage, opts...)
	if err != nil {
		return text
	}
	return text + ", now an " + denial.Failure
}

// From a 403 to what to ask the administrator for.
func ExampleDecodeAuthorizationMessage() {
	srv := smstest.NewServer() // in place of the real service
	defer srv.Close()
	srv.AddTask("task-1")
	srv.Deny(smstest.ActionGetCert)
	key := sms.StaticAccessKey(srv.AccessKey())
	client, err := sms.NewClient(srv.Endpoint(), key, sms.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.ShowCertKey(context.Background(), "task-1")
	text := whatToAskFor(context.Background(), err, srv.STSEndpoint(), key, sms.WithHTTPClient(srv.HTTPClient()))
	fmt.Println("ask for", regexp.MustCompile("request [0-9a-f]+").ReplaceAllString(text, "request ..."))
	// Output: ask for sms:server:getCert on server task-1 (request ...), now an implicit deny by identity-based policy
}
