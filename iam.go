package sms

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"example.com/huaweicloud/sms/internal/wire"
)

// PasswordConfig is an IAM user's name and password.
type PasswordConfig struct {
	// Domain is the name of the account that the user belongs to.
	Domain string
	// User is the user's name, and Password the password.
	User     string
	Password Secret
	// Project is the name of the project, such as "cn-north-4", that the token is
	// for. Empty asks for a token of the whole domain, which SMS, a global service, wants.
	Project string
	// UserID names the user by id; User is not sent then. TOTP needs it.
	UserID string
	// TOTP returns the current code of the second factor, where the user has one. It is
	// asked once at each renewal, never twice at a time, with the context of a TokenSource; should
	// IAM fail in passing, the code is sent again. Its error ends the calls that wait. nil for none.
	TOTP func(context.Context) (string, error)
}

// PasswordToken returns a Signer that gets tokens from IAM with a user's password
// and renews them, by the rules of TokenFrom. A token lives for 24 hours.
//
// A failure of IAM is an *APIError whose Operation is "CreateToken". IAM's
// passing failures are retried as the calls' own are; a definite refusal (400, 401, 403)
// stands for all callers of the next 30 seconds, so that a wrong password does
// not lock the account.
//
// A configuration that is incomplete is ErrInvalidArgument in NewClient. The
// account itself (not an IAM user of it) cannot get tokens in this way. Source:
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
func PasswordToken(config PasswordConfig, opts ...SignerOption) Signer {
	o, err := newSignerOptions(opts)
	if err := errors.Join(err, config.check()); err != nil {
		return &tokenSigner{err: err}
	}
	iam := o.pipeline(anonymous{})
	return newTokenSigner(func(ctx context.Context) (Token, error) {
		return passwordToken(ctx, iam, config)
	})
}

func (c PasswordConfig) check() error {
	var errs []error
	if c.Domain == "" {
		errs = append(errs, invalidArgument("PasswordConfig.Domain is empty: it is the account's name"))
	}
	if c.User == "" && c.UserID == "" {
		errs = append(errs, invalidArgument("PasswordConfig.User is empty: name the IAM user, or give UserID"))
	}
	if c.Password.IsZero() {
		errs = append(errs, invalidArgument("PasswordConfig.Password is empty"))
	}
	if c.TOTP != nil && c.UserID == "" {
		errs = append(errs, invalidArgument("PasswordConfig.TOTP needs UserID: IAM knows the second factor by the user's id"))
	}
	return errors.Join(errs...)
}

func passwordToken(ctx context.Context, iam *pipeline, config PasswordConfig) (Token, error) {
	password := config.Password.Reveal()
	user := iamUser{ID: config.UserID, Password: password}
	if config.UserID == "" {
		user.Name, user.Domain = config.User, &iamName{Name: config.Domain}
	}
	secrets := []string{password}
	identity := iamIdentity{Methods: []string{"password"}, Password: &iamPassword{user}}
	if config.TOTP != nil {
		passcode, err := config.TOTP(ctx)
		if err != nil {
			return Token{}, err
		}
		if passcode == "" {
			return Token{}, invalidArgument("PasswordConfig.TOTP returned no code")
		}
		secrets = append(secrets, passcode)
		identity.Methods = append(identity.Methods, "totp")
		identity.TOTP = &iamTOTP{iamPasscode{ID: config.UserID, Passcode: passcode}}
	}
	return createToken(ctx, iam, "CreateToken", identity, scopeOf(config.Domain, config.Project), secrets)
}

// AgencyConfig names an agency of another account.
type AgencyConfig struct {
	// Agency is the agency's name.
	Agency string
	// Domain is the name of the account that the agency belongs to.
	Domain string
	// Project is the name of the project that the token is for; empty for the whole domain.
	Project string
}

// AgencyToken returns a Signer that assumes an agency: it gets tokens from IAM
// with those of base, a signer of tokens whose user may assume agencies (the permission Agent
// Operator), and renews them by the rules of TokenFrom. A failure of IAM is an
// *APIError whose Operation is "CreateTokenByAgency". A config that is incomplete, a nil base
// and one that signs with access keys are ErrInvalidArgument in NewClient. Source:
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0003.html
func AgencyToken(config AgencyConfig, base Signer, opts ...SignerOption) Signer {
	o, err := newSignerOptions(opts)
	if config.Agency == "" || config.Domain == "" {
		err = errors.Join(err, invalidArgument("AgencyConfig needs the agency's name and the domain that it belongs to"))
	}
	if signsRequests(base) {
		err = errors.Join(err, invalidArgument("AgencyToken wants a signer of tokens, such as PasswordToken: IAM gives agency tokens for tokens, not for access keys"))
	}
	if err := errors.Join(err, checkSigner(base)); err != nil {
		return &tokenSigner{err: err}
	}
	iam := o.pipeline(base)
	identity := iamIdentity{Methods: []string{"assume_role"}, AssumeRole: &iamAgency{config.Agency, config.Domain}}
	return newTokenSigner(func(ctx context.Context) (Token, error) {
		return createToken(ctx, iam, "CreateTokenByAgency", identity, scopeOf(config.Domain, config.Project), nil)
	})
}

// createToken asks IAM for a token.
func createToken(ctx context.Context, iam *pipeline, operation string, identity iamIdentity, scope *iamScope, secrets []string) (Token, error) {
	body, err := json.Marshal(iamAuth{iamRequest{identity, scope}})
	if err != nil {
		return Token{}, invalidArgument("a name, password or code for IAM is not valid UTF-8")
	}
	return requestToken(ctx, iam, call{
		operation: operation, target: "/v3/auth/tokens?nocatalog=true", body: body, secrets: secrets,
	})
}

// requestToken performs a call that answers with a token in a header.
func requestToken(ctx context.Context, iam *pipeline, c call) (Token, error) {
	var token Token
	c.method, c.success = http.MethodPost, http.StatusCreated
	c.decode = func(header http.Header, body []byte) error {
		value := header.Get("X-Subject-Token")
		if checkCredential("the token", value) != nil {
			return errors.New("X-Subject-Token is missing or could not be sent as a header")
		}
		token = Token{Value: NewSecret(value), ExpiresAt: localTime(wire.TokenExpiry(body), header, time.Now())}
		return nil
	}
	if err := iam.do(ctx, c); err != nil {
		return Token{}, err
	}
	return token, nil
}

// localTime reads a time of a server by whose Date header the offset of the
// clocks is known. What cannot be read is now: such a credential serves those
// who wait for it, and nobody after them.
func localTime(text string, header http.Header, now time.Time) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return now
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		at = at.Add(now.Truncate(time.Second).Sub(date))
	}
	return at
}

func scopeOf(domain, project string) *iamScope {
	if project != "" {
		return &iamScope{Project: &iamName{Name: project}}
	}
	return &iamScope{Domain: &iamName{Name: domain}}
}

// What follows are the bodies that IAM takes.

type iamAuth struct {
	Auth iamRequest `json:"auth"`
}

type iamRequest struct {
	Identity iamIdentity `json:"identity"`
	Scope    *iamScope   `json:"scope,omitempty"`
}

type iamIdentity struct {
	Methods    []string     `json:"methods"`
	Password   *iamPassword `json:"password,omitempty"`
	TOTP       *iamTOTP     `json:"totp,omitempty"`
	AssumeRole *iamAgency   `json:"assume_role,omitempty"`
}

type iamPassword struct {
	User iamUser `json:"user"`
}

type iamUser struct {
	ID       string   `json:"id,omitempty"`
	Name     string   `json:"name,omitempty"`
	Password string   `json:"password"`
	Domain   *iamName `json:"domain,omitempty"`
}

type iamTOTP struct {
	User iamPasscode `json:"user"`
}

type iamPasscode struct {
	ID       string `json:"id"`
	Passcode string `json:"passcode"`
}

type iamAgency struct {
	Agency string `json:"agency_name"`
	Domain string `json:"domain_name"`
}

type iamScope struct {
	Domain  *iamName `json:"domain,omitempty"`
	Project *iamName `json:"project,omitempty"`
}

type iamName struct {
	Name string `json:"name,omitempty"`
	ID   string `json:"id,omitempty"`
}
