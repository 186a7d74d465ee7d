package wire

import (
	"cmp"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TokenExpiry returns what IAM's answer to a request for a token says of its end,
// "" where it says nothing that can be read.
func TokenExpiry(body []byte) string {
	var answer struct {
		Token struct {
			ExpiresAt string `json:"expires_at"`
		} `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return ""
	}
	return answer.Token.ExpiresAt
}

// Domain is an account as IAM lists it.
type Domain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ParseDomains reads IAM's list of domains.
func ParseDomains(body []byte) ([]Domain, error) {
	var answer struct {
		Domains []Domain `json:"domains"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, errors.New("the body is not the documented list of domains")
	}
	return answer.Domains, nil
}

// TemporaryKey is a temporary AK/SK as IAM, the metadata service and the pod
// identity write it.
type TemporaryKey struct{ Access, Secret, SecurityToken, ExpiresAt string }

// ParseTemporaryKey reads a temporary key in either of its two spellings. Access,
// Secret and SecurityToken are never empty; ExpiresAt may be. Errors never quote the body.
func ParseTemporaryKey(body []byte) (TemporaryKey, error) {
	var answer struct {
		Credential  *temporaryKey  `json:"credential"`
		Credentials *temporaryKey  `json:"credentials"`
		Refusal     jsontext.Value `json:"error_code"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return TemporaryKey{}, errors.New("the body is not the documented JSON object")
	}
	found := cmp.Or(answer.Credential, answer.Credentials)
	switch {
	case isSaid(answer.Refusal):
		return TemporaryKey{}, errRefused
	case found == nil:
		return TemporaryKey{}, errors.New("the credential is missing")
	case answer.Credential != nil && answer.Credentials != nil:
		return TemporaryKey{}, errors.New("there are a credential and credentials, which may be two keys")
	}
	key, err := found.key()
	if err != nil {
		return TemporaryKey{}, err
	}
	switch "" {
	case key.Access:
		return TemporaryKey{}, errors.New("the access key is missing or empty")
	case key.Secret:
		return TemporaryKey{}, errors.New("the secret access key is missing or empty")
	case key.SecurityToken:
		return TemporaryKey{}, errors.New("the security token is missing or empty")
	}
	return key, nil
}

type temporaryKey struct {
	Access           string `json:"access"`
	AccessKeyID      string `json:"accessKeyId"`
	Secret           string `json:"secret"`
	SecretAccessKey  string `json:"secretAccessKey"`
	SecurityToken    string `json:"securitytoken"`
	SecurityTokenAlt string `json:"securityToken"`
	ExpiresAt        string `json:"expires_at"`
	Expiration       string `json:"expiration"`
}

// key is the key, each field in whichever spelling it is written; in both at once
// it may be of two keys.
func (k temporaryKey) key() (key TemporaryKey, err error) {
	for _, field := range []struct {
		to         *string
		one, other string
	}{
		{&key.Access, k.Access, k.AccessKeyID},
		{&key.Secret, k.Secret, k.SecretAccessKey},
		{&key.SecurityToken, k.SecurityToken, k.SecurityTokenAlt},
		{&key.ExpiresAt, k.ExpiresAt, k.Expiration},
	} {
		if field.one != "" && field.other != "" && field.one != field.other {
			return TemporaryKey{}, errors.New("the credential has two values for one field")
		}
		*field.to = cmp.Or(field.one, field.other)
	}
	return key, nil
}
