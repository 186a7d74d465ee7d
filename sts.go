package sms

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"example.com/huaweicloud/sms/internal/wire"
)

// maxEncodedMessage is the longest message that STS decodes. SMS may send one of
// up to 65,535 characters.
const maxEncodedMessage = 10240

// Denial is why a request was refused with 403, as STS decodes it from
// APIError.EncodedAuthorizationMessage.
type Denial struct {
	// Failure says it in a line: "implicit deny by identity-based policy".
	Failure string
	// Context is what the policies were held against, such as the action, the
	// resource and the user's profile: the names and values as STS writes them, read as
	// encoding/json does. Numbers are float64; Message has every digit.
	Context map[string]any
	// Message is the whole decoded message, a JSON text. What it holds beyond
	// Failure and Context is not documented.
	Message string
}

// STSEndpoint returns the URL of STS in a region, for DecodeAuthorizationMessage:
// STSEndpoint("cn-north-4") is "https://sts.cn-north-4.myhuaweicloud.com". The regions are
// those of the site that the account is on, also those where SMS has no endpoint. A text that
// is no region's name is ErrInvalidArgument. Source: the page of DecodeAuthorizationMessage.
func STSEndpoint(region string) (string, error) {
	for _, c := range []byte(region) {
		if lower, digit := 'a' <= c && c <= 'z', '0' <= c && c <= '9'; !lower && !digit && c != '-' {
			return "", invalidArgument("a region has only a-z, 0-9 and -, as in ap-southeast-3")
		}
	}
	if region == "" {
		return "", invalidArgument("the region is empty")
	}
	return "https://sts." + region + ".myhuaweicloud.com", nil
}

// DecodeAuthorizationMessage asks STS at stsEndpoint (see STSEndpoint) why a
// request was refused: encoded is the EncodedAuthorizationMessage of the *APIError. The signer is
// one of access keys, such as StaticAccessKey; its owner needs the permission
// sts::decodeAuthorizationMessage. Who has only a token can give the message to somebody who has a key.
//
// An empty message is ErrInvalidArgument, and so are one of more than 10,240
// characters, which STS does not take, a bad endpoint and a signer of tokens. A refusal by STS is an *APIError
// whose Operation is "DecodeAuthorizationMessage"; a key without a DomainID may fail at IAM's
// "ListDomains" before. The options are those of NewClient, retries and bounds too. It is
// safe for concurrent use. Source:
// https://support.huaweicloud.com/intl/en-us/api-iam5/DecodeAuthorizationMessage.html
func DecodeAuthorizationMessage(ctx context.Context, stsEndpoint string, signer Signer, encoded string, opts ...Option) (*Denial, error) {
	switch {
	case encoded == "":
		return nil, invalidArgument("the message is empty: the 403 carried none")
	case len(encoded) > maxEncodedMessage:
		return nil, invalidArgument(fmt.Sprintf("the message has %d characters, and STS decodes at most %d: "+
			"ask an administrator for the request id instead", len(encoded), maxEncodedMessage))
	}
	if sendsTokens(signer) {
		return nil, invalidArgument("STS takes signatures of an access key and no tokens: pass StaticAccessKey or AccessKeyFrom, " +
			"or give the message to an administrator who has a key")
	}
	client, err := NewClient(stsEndpoint, signer, opts...)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	body, err := json.Marshal(map[string]string{"encoded_message": encoded})
	if err != nil {
		return nil, invalidArgument("the message is not valid UTF-8")
	}
	var denial Denial
	err = client.do(ctx, call{
		operation: "DecodeAuthorizationMessage", method: http.MethodPost, target: "/v5/decode-authorization-message", body: body,
		decode: func(_ http.Header, body []byte) error {
			decoded, err := wire.ParseDenial(body)
			denial = Denial(decoded)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return &denial, nil
}

// Denied returns the action that was refused and the resource, where the answer
// names them, as a 403 of SMS does: "sms:server:getCert". Otherwise both are empty.
func (e *APIError) Denied() (action, resource string) {
	texts := []string{e.Message}
	for _, detail := range e.Details {
		texts = append(texts, detail.Message)
	}
	for _, text := range append(texts, e.ErrorParam...) {
		if action, resource := wire.ParseDenied(text); action != "" {
			return action, resource
		}
	}
	return "", ""
}
