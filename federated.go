package sms

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json"
)

// FederatedConfig names an identity provider that IAM trusts, and says where its
// id tokens come from.
type FederatedConfig struct {
	// Provider is the identity provider's name in IAM, sent as X-Idp-Id.
	Provider string
	// IDToken returns an id token of OpenID Connect. It is asked once at each renewal,
	// never twice at a time, with the context of a TokenSource; its error ends the calls that wait.
	// IDTokenFile reads one from a file.
	IDToken func(context.Context) (string, error)
	// DomainID is the id of the account that the token is for. Empty leaves the
	// scope to IAM.
	DomainID string
}

// IDTokenFile returns a FederatedConfig.IDToken that reads a file anew each time,
// such as the one that HUAWEICLOUD_SDK_ID_TOKEN_FILE names. White space at its
// ends is dropped. An empty file and one of more than 64 KiB are ErrInvalidArgument, others the
// error of package os, such as fs.ErrNotExist.
func IDTokenFile(name string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return readTokenFile("the id token file", name) }
}

// FederatedToken returns a Signer that gets IAM tokens for a federated user's id
// tokens and renews them by the rules of TokenFrom. A failure of IAM is an
// *APIError whose Operation is "ExchangeIDToken". A configuration that is
// incomplete is ErrInvalidArgument in NewClient. Source: the credentials of the official Go SDK,
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3, core/auth.
func FederatedToken(config FederatedConfig, opts ...SignerOption) Signer {
	iam, err := config.pipeline(opts)
	if err != nil {
		return &tokenSigner{err: err}
	}
	return newTokenSigner(func(ctx context.Context) (Token, error) { return exchangeIDToken(ctx, iam, config) })
}

// FederatedAccessKey returns temporary keys for a federated user's id tokens, for
// AccessKeyFrom: the IAM token is exchanged for a key that lives for 6 hours. A failure of IAM is an
// *APIError whose Operation is "ExchangeIDToken" or "CreateTemporaryKey". Otherwise it is as
// FederatedToken.
func FederatedAccessKey(config FederatedConfig, opts ...SignerOption) AccessKeySource {
	iam, err := config.pipeline(opts)
	return &keyService{pipeline: iam, err: err, request: func(ctx context.Context) (call, error) {
		token, err := exchangeIDToken(ctx, iam, config)
		if err != nil {
			return call{}, err
		}
		return createTemporaryKey(token.Value.Reveal())
	}}
}

func (c FederatedConfig) pipeline(opts []SignerOption) (*pipeline, error) {
	o, err := newSignerOptions(opts)
	err = errors.Join(err, checkCredential("FederatedConfig.Provider", c.Provider))
	if c.IDToken == nil {
		err = errors.Join(err, invalidArgument("FederatedConfig.IDToken is nil: see IDTokenFile"))
	}
	if err != nil {
		return nil, err
	}
	return o.pipeline(anonymous{}), nil
}

func exchangeIDToken(ctx context.Context, iam *pipeline, config FederatedConfig) (Token, error) {
	idToken, err := config.IDToken(ctx)
	if err != nil {
		return Token{}, err
	}
	var request struct {
		Auth struct {
			IDToken iamName   `json:"id_token"`
			Scope   *iamScope `json:"scope,omitempty"`
		} `json:"auth"`
	}
	request.Auth.IDToken.ID = idToken
	if config.DomainID != "" {
		request.Auth.Scope = &iamScope{Domain: &iamName{ID: config.DomainID}}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return Token{}, invalidArgument("the id token is not valid UTF-8")
	}
	return requestToken(ctx, iam, call{
		operation: "ExchangeIDToken", target: "/v3.0/OS-AUTH/id-token/tokens", body: body,
		header: http.Header{"X-Idp-Id": {config.Provider}}, secrets: []string{idToken},
	})
}

// createTemporaryKey is the call that exchanges a token for a key of 6 hours.
func createTemporaryKey(token string) (call, error) {
	type byToken struct {
		ID      string `json:"id"`
		Seconds int    `json:"duration_seconds"`
	}
	var request struct {
		Auth struct {
			Identity struct {
				Methods []string `json:"methods"`
				Token   byToken  `json:"token"`
			} `json:"identity"`
		} `json:"auth"`
	}
	request.Auth.Identity.Methods = []string{"token"}
	request.Auth.Identity.Token = byToken{ID: token, Seconds: 6 * 60 * 60}
	body, err := json.Marshal(request)
	return call{
		operation: "CreateTemporaryKey", method: http.MethodPost, target: "/v3.0/OS-CREDENTIAL/securitytokens",
		body: body, success: http.StatusCreated, secrets: []string{token},
	}, err
}
