package sms

import (
	"net/http"
	"time"

	"example.com/huaweicloud/sms/internal/sdkhmac"
)

const (
	headerSDKDate       = sdkhmac.DateHeader
	headerDomainID      = "X-Domain-Id"
	headerSecurityToken = "X-Security-Token"
)

// AccessKey is an AK/SK pair, permanent or temporary.
type AccessKey struct {
	// ID is the access key (AK). It identifies its owner and is no secret; the
	// library never logs it all the same.
	ID string
	// Secret is the secret access key (SK). It signs and is never sent.
	Secret Secret
	// SecurityToken goes with a temporary pair and is sent as X-Security-Token.
	SecurityToken Secret
	// DomainID is the account's id, sent as X-Domain-Id.
	DomainID string
	// ExpiresAt is when a temporary pair ends; zero where it does not.
	ExpiresAt time.Time
}

type accessKeySigner struct {
	key AccessKey
	err error
}

// StaticAccessKey returns a Signer that signs with an access key.
func StaticAccessKey(key AccessKey) Signer {
	return &accessKeySigner{key: key, err: checkAccessKey(key)}
}

func checkAccessKey(key AccessKey) error {
	if err := checkCredential("the access key ID", key.ID); err != nil {
		return err
	}
	if err := checkCredential("the secret access key", key.Secret.Reveal()); err != nil {
		return err
	}
	if err := checkHeaderValue("the security token", key.SecurityToken.Reveal()); err != nil {
		return err
	}
	return checkHeaderValue("the domain ID", key.DomainID)
}

func (s *accessKeySigner) Validate() error { return s.err }

func (s *accessKeySigner) Sign(req *http.Request) error {
	if s.err != nil {
		return s.err
	}
	return signRequest(req, s.key, time.Now())
}

// signRequest sets X-Sdk-Date, Authorization and, where the key has them,
// X-Security-Token and X-Domain-Id. All but Authorization are signed, and so is the host.
func signRequest(req *http.Request, key AccessKey, now time.Time) error {
	date := now.UTC().Format(sdkhmac.DateFormat)
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	headers := []sdkhmac.Header{{Name: "host", Value: host}, {Name: "x-sdk-date", Value: date}}
	req.Header.Set(headerSDKDate, date)
	if key.DomainID != "" {
		req.Header.Set(headerDomainID, key.DomainID)
		headers = append(headers, sdkhmac.Header{Name: "x-domain-id", Value: key.DomainID})
	}
	if token := key.SecurityToken.Reveal(); token != "" {
		req.Header.Set(headerSecurityToken, token)
		headers = append(headers, sdkhmac.Header{Name: "x-security-token", Value: token})
	}
	sdkhmac.SortHeaders(headers)
	signed := sdkhmac.Request{
		Method:   req.Method,
		Path:     req.URL.EscapedPath(),
		Query:    req.URL.RawQuery,
		Headers:  headers,
		BodyHash: sdkhmac.EmptyBodyHash,
	}
	secret := key.Secret.Reveal()
	req.Header.Set("Authorization", signed.Authorization(key.ID, secret, date))
	redactIn(req.Context(), key.ID, secret, key.SecurityToken.Reveal())
	return nil
}
