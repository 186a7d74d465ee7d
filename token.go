package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"example.com/huaweicloud/sms/internal/renew"
)

// Token is a credential that is sent as X-Auth-Token.
type Token struct {
	// Value is the token: the service documents 1 to 16,384 characters.
	Value Secret
	// ExpiresAt is when it ends, by this machine's clock; zero where it does not. A
	// token that has ended serves those who waited for it, and the next caller asks anew.
	ExpiresAt time.Time
}

// TokenSource gets tokens, from a vault or a service of the user's own. Token is
// called when one is needed, never twice at a time, with a context that ends after
// 30 seconds, or 10 for a renewal that nobody waits for, and as soon as the last caller
// who waited has left; one that does not come back within a second is given up then. It has the values of the first caller's context. It need not cache, and
// retries what is worth it: its error ends the calls that wait, and so does, with
// ErrInvalidArgument, a token that is empty or could not be a header's value. An *APIError of 400, 401 or 403 in its error stands for the callers of the next 30 seconds.
type TokenSource interface {
	Token(ctx context.Context) (Token, error)
}

// TokenFrom returns a Signer that sends tokens of source as X-Auth-Token.
//
// A token is fetched when it is first needed and kept. One fetch is under way at
// a time, however many callers wait; each leaves when its own context ends, and
// none takes the others' fetch with it. A token is renewed in the background 5
// minutes before its end, or at 80 % of a life of less than 25 minutes; should that
// fail it is tried again after 30 seconds at the earliest, and callers see nothing
// of it while the old token is valid. After a 401 the token is renewed if it is still the one
// that was refused, and the request sent once more.
//
// A nil source is ErrInvalidArgument in NewClient, and so is one with a Validate()
// error that fails. The signer is safe for
// concurrent use, also by many clients.
func TokenFrom(source TokenSource) Signer {
	if err := checkSource("TokenFrom", source); err != nil {
		return &tokenSigner{err: err}
	}
	return newTokenSigner(source.Token)
}

// checkSource refuses what can be seen to be wrong before the source is asked.
func checkSource(function string, source any) error {
	if isNil(source) {
		return invalidArgument(function + " was given a nil source")
	}
	return validate("source", source)
}

// tokenSigner sends a token that renews itself.
type tokenSigner struct {
	cache *renew.Cache[Token]
	err   error // what is wrong with the configuration
}

func newTokenSigner(fetch func(context.Context) (Token, error)) *tokenSigner {
	return &tokenSigner{cache: renew.New(renew.Source[Token]{
		Fetch: func(ctx context.Context) (Token, error) {
			token, err := fetch(ctx)
			if err == nil {
				err = checkCredential("the token that the source returned", token.Value.Reveal())
			}
			if err != nil {
				return Token{}, err
			}
			logRenewal(ctx, "token", token.ExpiresAt)
			return token, nil
		},
		ExpiresAt: func(t Token) time.Time { return t.ExpiresAt },
		Refused:   definite,
	})}
}

// definite reports whether asking again at once would do no good.
func definite(err error) bool {
	return errors.Is(err, ErrBadRequest) || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden)
}

func logRenewal(ctx context.Context, kind string, expires time.Time) {
	if logger, ok := loggerOf(ctx, slog.LevelInfo); ok {
		logger.LogAttrs(ctx, slog.LevelInfo, "sms: credentials renewed",
			slog.String("kind", kind), slog.Time("expires", expires))
	}
}

// Validate reports a configuration that cannot work.
func (s *tokenSigner) Validate() error { return s.err }

// Sign sets X-Auth-Token.
func (s *tokenSigner) Sign(req *http.Request) error {
	if s.err != nil {
		return s.err
	}
	token, err := s.cache.Get(req.Context())
	if err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	setToken(req, token.Value)
	return nil
}

// Refresh drops the token that was refused, unless it has been renewed already.
func (s *tokenSigner) Refresh(refused *http.Response) (bool, error) {
	value := NewSecret(refused.Request.Header.Get(headerAuthToken))
	s.cache.Invalidate(func(held Token) bool { return held.Value.Equal(value) })
	return true, nil
}
