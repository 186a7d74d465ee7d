package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
)

// SignerFromEnv returns a Signer made of what the environment holds. The first of
// these that is set is taken:
//
//	                                                    also read
//	1  CLOUD_SDK_AK, CLOUD_SDK_SK                       domain id, IAM endpoint
//	2  HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK           HUAWEICLOUD_SDK_SECURITY_TOKEN, domain id, IAM endpoint
//	3  HUAWEICLOUD_SDK_IDP_ID,                          domain id, IAM endpoint
//	   HUAWEICLOUD_SDK_ID_TOKEN_FILE
//	4  HW_AUTH_TOKEN
//	5  HW_ACCESS_KEY, HW_SECRET_KEY                     HW_SECURITY_TOKEN, domain id, IAM endpoint
//	6  HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME   IAM endpoint
//	7  the file HUAWEICLOUD_SDK_CREDENTIALS_FILE, or    in [global], else [basic]: ak, sk, security_token or
//	   ~/.huaweicloud/credentials                       idp_id, id_token_file; domain_id, iam_endpoint
//	8  HC_CONTAINER_CREDENTIALS_FULL_URI,               domain id, IAM endpoint
//	   HC_CONTAINER_AUTHORIZATION_TOKEN_FILE
//	9  the metadata service of the ECS                  domain id, IAM endpoint
//
// The domain id is HUAWEICLOUD_SDK_DOMAIN_ID, else HW_DOMAIN_ID; without one it is looked up
// as StaticAccessKey says. The IAM endpoint is HUAWEICLOUD_SDK_IAM_ENDPOINT, else HW_AUTH_URL,
// whose "/v3" at the end is dropped, else DefaultIAMEndpoint. A variable that is empty is not set.
//
// One that is half set is ErrInvalidArgument, with the variable or key that is
// missing, and so is a file that cannot be read or understood: what comes later is not tried.
// Where nothing is found the error is ErrNoCredentials and lists these places.
// Only the metadata service is asked anything, for 3 seconds at most.
//
// CredentialSource tells which one was taken.
func SignerFromEnv() (Signer, error) { return processEnvironment().signer() }

// NewClientFromEnv returns a client whose signer is that of SignerFromEnv and
// whose endpoint is the first of these that is set:
//
//	HUAWEICLOUD_SMS_ENDPOINT
//	HUAWEICLOUD_SDK_REGION_SMS_<REGION>, for HW_REGION_NAME or, where that is not set, the only one
//	Endpoint(HW_REGION_NAME)
//
// <REGION> is in upper case with "_" for "-", as in CN_NORTH_4; of several endpoints with commas
// between them the first is taken. Without any the error is ErrInvalidArgument; without
// credentials it is ErrNoCredentials. Where there are no variables and no profile, the metadata
// service of the ECS is asked, for 3 seconds at most; nothing else is sent.
// The http.Client of WithHTTPClient, where there is one, is used for IAM as well.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	env := processEnvironment()
	endpoint, err := env.endpoint()
	if err != nil {
		return nil, err
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	if o.transport != nil || o.clientTimeout > 0 {
		env.iam = append(env.iam, WithIAMHTTPClient(&http.Client{Transport: o.transport, Timeout: o.clientTimeout}))
	}
	signer, err := env.signer()
	if err != nil {
		return nil, err
	}
	return NewClient(endpoint, signer, opts...)
}

// CredentialSource tells, for a signer of SignerFromEnv, which place its
// credentials come from, such as "HW_ACCESS_KEY, HW_SECRET_KEY" or "the profile FILE,
// section [global]". It holds no secret. For other
// signers it is empty.
func CredentialSource(signer Signer) string {
	if s, ok := signer.(*envSigner); ok {
		return s.source
	}
	return ""
}

// CredentialSource is the function of that name for the client's signer.
func (c *Client) CredentialSource() string { return CredentialSource(c.signer) }

// envSigner is a signer that knows where it comes from.
type envSigner struct {
	Signer

	source string
}

// Refresh passes the refusal on to a signer that can cure it.
func (s *envSigner) Refresh(refused *http.Response) (bool, error) {
	if refresher, ok := s.Signer.(Refresher); ok {
		return refresher.Refresh(refused)
	}
	return false, nil
}

// environment is what the ...FromEnv functions read.
type environment struct {
	lookup   func(name string) string
	list     func() []string
	home     func() string // "" where there is none
	metadata []MetadataOption
	iam      []SignerOption // before those that the environment itself names
}

func processEnvironment() environment {
	home := func() string {
		name, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		return name
	}
	return environment{lookup: os.Getenv, list: os.Environ, home: home}
}

// place is where credentials may be found. find returns a nil signer where
// nothing is set, and in looked what to say of that where name does not say it all.
type place struct {
	name string
	find func() (found, error)
}

type found struct {
	signer Signer
	source string // where place.name does not say it
	looked string
}

func (e environment) signer() (Signer, error) {
	var looked []string
	for _, p := range e.places() {
		f, err := p.find()
		if err == nil && f.signer != nil {
			err = checkSigner(f.signer)
		}
		if err != nil {
			return nil, fmt.Errorf("credentials from %s: %w", cmp.Or(f.source, p.name), err)
		}
		if f.signer != nil {
			return &envSigner{f.signer, cmp.Or(f.source, p.name)}, nil
		}
		looked = append(looked, cmp.Or(f.looked, p.name))
	}
	return nil, fmt.Errorf("sms: %w in any of: %s", ErrNoCredentials, strings.Join(looked, "; "))
}

// places is the table of SignerFromEnv.
func (e environment) places() []place {
	variables := func(newSigner func(values) Signer, optional string, required ...string) place {
		return place{strings.Join(required, ", "), func() (found, error) {
			signer, err := e.fromVariables(newSigner, optional, required)
			return found{signer: signer}, err
		}}
	}
	return []place{
		variables(e.accessKey, "", "CLOUD_SDK_AK", "CLOUD_SDK_SK"),
		variables(e.accessKey, "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"),
		variables(e.federated, "", "HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"),
		variables(func(v values) Signer { return StaticToken(v[0]) }, "", "HW_AUTH_TOKEN"),
		variables(e.accessKey, "HW_SECURITY_TOKEN", "HW_ACCESS_KEY", "HW_SECRET_KEY"),
		variables(e.password, "", "HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
		{"the profile", e.fromProfile},
		variables(e.podIdentity, "", "HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		{"the metadata service of the ECS", e.fromMetadata},
	}
}

// values are those of the required variables of a place, in their order, and then
// that of the optional one.
type values []string

// fromVariables makes a signer if one of the variables is set, and wants all the
// required ones then. HW_DOMAIN_NAME alone stands for nothing: it goes with keys as well.
func (e environment) fromVariables(newSigner func(values) Signer, optional string, required []string) (Signer, error) {
	var v values
	var missing []string
	set := ""
	for _, name := range required {
		value := e.lookup(name)
		v = append(v, value)
		switch {
		case value == "":
			missing = append(missing, name)
		case name != "HW_DOMAIN_NAME":
			set = cmp.Or(set, name)
		}
	}
	if optional != "" {
		v = append(v, e.lookup(optional))
		if v[len(required)] != "" {
			set = cmp.Or(set, optional)
		}
	}
	switch {
	case set == "":
		return nil, nil
	case len(missing) > 0:
		return nil, invalidArgument(fmt.Sprintf("%s is set and %s is not: set all of it, or none", set, strings.Join(missing, ", ")))
	}
	return newSigner(v), nil
}

func (e environment) accessKey(v values) Signer {
	key := AccessKey{ID: v[0], Secret: NewSecret(v[1]), DomainID: e.domainID()}
	if len(v) > 2 {
		key.SecurityToken = NewSecret(v[2])
	}
	return StaticAccessKey(key, e.iamOptions("")...)
}

func (e environment) federated(v values) Signer {
	return FederatedToken(FederatedConfig{Provider: v[0], IDToken: IDTokenFile(v[1]), DomainID: e.domainID()}, e.iamOptions("")...)
}

func (e environment) password(v values) Signer {
	return PasswordToken(PasswordConfig{User: v[0], Password: NewSecret(v[1]), Domain: v[2]}, e.iamOptions("")...)
}

func (e environment) podIdentity(v values) Signer {
	return AccessKeyFrom(e.withDomainID(PodIdentity(v[0], v[1])), e.iamOptions("")...)
}

// fromMetadata asks the metadata service whether it is there and has keys.
func (e environment) fromMetadata() (found, error) {
	source := ECSMetadata(e.metadata...)
	ctx, cancel := context.WithTimeout(context.Background(), metadataTimeout)
	defer cancel()
	if _, err := source.AccessKey(ctx); err != nil {
		if errors.Is(err, ErrInvalidArgument) {
			return found{}, err
		}
		return found{looked: "the metadata service of the ECS (" + err.Error() + ")"}, nil
	}
	return found{signer: AccessKeyFrom(e.withDomainID(source), e.iamOptions("")...)}, nil
}

func (e environment) domainID() string {
	return cmp.Or(e.lookup("HUAWEICLOUD_SDK_DOMAIN_ID"), e.lookup("HW_DOMAIN_ID"))
}

// iamOptions are those of a signer that asks IAM at endpoint or, where that is
// empty, where the environment says.
func (e environment) iamOptions(endpoint string) []SignerOption {
	endpoint = cmp.Or(endpoint, e.lookup("HUAWEICLOUD_SDK_IAM_ENDPOINT"), e.lookup("HW_AUTH_URL"))
	if endpoint == "" {
		return e.iam
	}
	endpoint = strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v3")
	return append(slices.Clip(e.iam), WithIAMEndpoint(endpoint))
}

// withDomainID gives the keys of source the domain id of the environment.
func (e environment) withDomainID(source AccessKeySource) AccessKeySource {
	if id := e.domainID(); id != "" {
		return domainKeys{source, id}
	}
	return source
}

// domainKeys are the keys of a source that does not know their domain.
type domainKeys struct {
	AccessKeySource

	domainID string
}

// AccessKey adds the domain id.
func (d domainKeys) AccessKey(ctx context.Context) (AccessKey, error) {
	key, err := d.AccessKeySource.AccessKey(ctx)
	key.DomainID = d.domainID
	return key, err
}

// Validate passes on what is wrong with the source.
func (d domainKeys) Validate() error { return checkSource("AccessKeyFrom", d.AccessKeySource) }
