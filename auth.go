package sms

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
)

// Signer authenticates requests. The signers of this package are StaticToken,
// PasswordToken, AgencyToken, FederatedToken, TokenFrom, StaticAccessKey, AccessKeyFrom
// and what SignerFromEnv finds; a type of the user's own serves as well.
//
// Sign is called once for each attempt, on a copy of the request that is the
// signer's to change. It sets the headers that authenticate the request and
// leaves everything else alone. The context of the call is req.Context(): a
// signer that waits ends when it does. An error ends the call and is not
// retried, so a signer retries what it fetches by itself. Sign must be safe for
// concurrent use and must not quote a secret in its error.
//
// A signer may also implement Refresher, and Validate() error, which NewClient
// calls so that a half-filled configuration is found there; its error becomes
// ErrInvalidArgument.
type Signer interface {
	Sign(req *http.Request) error
}

// Refresher is what a Signer implements when it can cure a refusal, for example
// by renewing a token that was revoked before its time.
//
// Refresh is called after an answer of 401, once an attempt at most. refused.Request is
// the request as it was signed, so that the signer sees which of its credentials
// was refused; at most 64 KiB of the body can be read, and need not be. With
// retry true the request is signed anew and sent once more; with false the 401 is
// the answer; an error ends the call and is returned from it. Refresh must be safe
// for concurrent use: many calls may be refused at the same time for the same
// stale credentials.
type Refresher interface {
	Refresh(refused *http.Response) (retry bool, err error)
}

// validator is optional on a Signer.
type validator interface{ Validate() error }

// checkSigner refuses what can be seen to be wrong before anything is sent.
func checkSigner(signer Signer) error {
	if isNil(signer) {
		return invalidArgument("the signer is nil: pass StaticToken, PasswordToken, StaticAccessKey or another Signer")
	}
	return validate("signer", signer)
}

// validate asks v whether it is complete, where it can tell.
func validate(what string, v any) error {
	asked, ok := v.(validator)
	if !ok {
		return nil
	}
	err := asked.Validate()
	if err == nil || errors.Is(err, ErrInvalidArgument) {
		return err
	}
	return fmt.Errorf("sms: %w: the %s is not valid: %w", ErrInvalidArgument, what, err)
}

// signsRequests and sendsTokens tell the signers of this package apart, for what
// takes only one kind. A signer of the user's own is neither.
func signsRequests(signer Signer) bool {
	_, ok := beneath(signer).(*keySigner)
	return ok
}

func sendsTokens(signer Signer) bool {
	switch beneath(signer).(type) {
	case *staticToken, *tokenSigner:
		return true
	default:
		return false
	}
}

func beneath(signer Signer) Signer {
	if env, ok := signer.(*envSigner); ok {
		return env.Signer
	}
	return signer
}

// isNil reports whether v is nil or an interface that holds a nil pointer.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map:
		return value.IsNil()
	default:
		return false
	}
}

// StaticToken returns a Signer that sends token, an IAM user token, as
// X-Auth-Token. IAM tokens live for 24 hours; this signer does not renew it, so
// it suits short programs. The service documents 1 to 16,384 characters.
//
// A token that is empty or could not be sent as a header value is refused by
// NewClient with ErrInvalidArgument. The signer is safe for concurrent use.
func StaticToken(token string) Signer {
	return &staticToken{token: NewSecret(token), err: checkCredential("the token", token)}
}

type staticToken struct {
	token Secret
	err   error
}

func (s *staticToken) Validate() error { return s.err }

func (s *staticToken) Sign(req *http.Request) error {
	if s.err != nil {
		return s.err
	}
	setToken(req, s.token)
	return nil
}

const headerAuthToken = "X-Auth-Token" //nolint:gosec // the name of a header

func setToken(req *http.Request, token Secret) {
	value := token.Reveal()
	makeHeader(req)
	req.Header.Set(headerAuthToken, value)
	redactIn(req.Context(), value)
}

// makeHeader gives a request of the user's own headers, where it has none yet.
func makeHeader(req *http.Request) {
	if req.Header == nil {
		req.Header = http.Header{}
	}
}

// checkCredential refuses a value that could not travel as a header value. The
// error never quotes it.
func checkCredential(what, value string) error {
	if value == "" {
		return invalidArgument(what + " is empty")
	}
	return checkHeaderValue(what, value)
}

// checkHeaderValue is checkCredential for a value that may be empty.
func checkHeaderValue(what, value string) error {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' {
			return invalidArgument(fmt.Sprintf("%s has a control or non-ASCII character at byte %d of %d "+
				"(a line break from a file or a shell?)", what, i+1, len(value)))
		}
	}
	if value != "" && (value[0] == ' ' || value[len(value)-1] == ' ') {
		return invalidArgument(what + " begins or ends with a blank")
	}
	return nil
}

// invalidArgument returns an ErrInvalidArgument that says what is wrong and what to do.
func invalidArgument(text string) error {
	return fmt.Errorf("sms: %w: %s", ErrInvalidArgument, text)
}
