package sms

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"example.com/huaweicloud/sms/internal/renew"
	"example.com/huaweicloud/sms/internal/sdkhmac"
)

const (
	headerSDKDate       = sdkhmac.DateHeader
	headerDomainID      = "X-Domain-Id"
	headerSecurityToken = "X-Security-Token"

	// maxSkew is how far the clocks may differ before a refused signature is made
	// anew by the service's clock. The service itself allows 15 minutes.
	maxSkew = 4 * time.Minute
	// maxSignedBody is the gateway's limit for a body that is signed.
	maxSignedBody = 12 << 20
)

// AccessKey is an AK/SK pair, permanent or temporary.
type AccessKey struct {
	// ID is the access key (AK). It identifies its owner and is no secret; the
	// library never logs it all the same.
	ID string
	// Secret is the secret access key (SK). It signs and is never sent.
	Secret Secret
	// SecurityToken belongs to a temporary pair and is sent as X-Security-Token.
	SecurityToken Secret
	// DomainID is the account's id, sent as X-Domain-Id. Where it is empty it is
	// looked up once in IAM, unless WithoutDomainID says not to.
	DomainID string
	// ExpiresAt is when a temporary pair ends, by this machine's clock; zero where it does not.
	ExpiresAt time.Time
}

func (k AccessKey) check() error {
	return errors.Join(
		checkCredential("the access key ID", k.ID),
		checkCredential("the secret access key", k.Secret.Reveal()),
		checkHeaderValue("the security token", k.SecurityToken.Reveal()),
		checkHeaderValue("the domain ID", k.DomainID),
	)
}

// AccessKeySource gets temporary keys, as ECSMetadata does. AccessKey is called
// under the rules of TokenSource, also for a key that is incomplete.
type AccessKeySource interface {
	AccessKey(ctx context.Context) (AccessKey, error)
}

// StaticAccessKey returns a Signer that signs with key: SDK-HMAC-SHA256 over the
// method, the path, the query, the body and the headers Host, X-Sdk-Date and, where present,
// X-Domain-Id and X-Security-Token. The signed host makes a signature worth nothing elsewhere.
//
// Where key has no DomainID it is looked up once in IAM (GET /v3/auth/domains,
// signed with key, which needs no permission for an IAM user's own account) and
// kept. An answer that lists more than one domain is an error that names them.
//
// The service refuses signatures that are more than 15 minutes old or early. Where
// a signature is refused while the answer's Date is more than 4 minutes off, it is made
// again once by the service's clock, and the offset is kept.
//
// A key that is incomplete is ErrInvalidArgument in NewClient. The signer also
// serves requests of the user's own, with bodies of up to 12 MiB. It is safe for concurrent use.
// Source: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html
func StaticAccessKey(key AccessKey, opts ...SignerOption) Signer {
	s := newKeySigner(func(context.Context) (AccessKey, error) { return key, nil }, nil, opts)
	s.err = errors.Join(s.err, key.check())
	return s
}

// AccessKeyFrom returns a Signer that signs as StaticAccessKey does, with keys of
// source, which it keeps and renews by the rules of TokenFrom. The domain id is looked up
// again for no renewed key. A nil source is ErrInvalidArgument in NewClient, and so
// is one with a Validate() error that fails.
func AccessKeyFrom(source AccessKeySource, opts ...SignerOption) Signer {
	if err := checkSource("AccessKeyFrom", source); err != nil {
		return &keySigner{err: err}
	}
	cache := renew.New(renew.Source[AccessKey]{
		Fetch: func(ctx context.Context) (AccessKey, error) {
			key, err := source.AccessKey(ctx)
			if err == nil {
				err = key.check()
			}
			if err != nil {
				return AccessKey{}, err
			}
			logRenewal(ctx, "access key", key.ExpiresAt)
			return key, nil
		},
		ExpiresAt: func(k AccessKey) time.Time { return k.ExpiresAt },
		Refused:   definite,
	})
	return newKeySigner(cache.Get, cache.Invalidate, opts)
}

// keySigner signs with a key that may change and a clock that may be corrected.
type keySigner struct {
	key        func(context.Context) (AccessKey, error)
	invalidate func(func(AccessKey) bool) // nil where the key is what it is
	domain     *domainLookup              // nil where none is sent that is not given
	offset     *atomic.Int64              // what the service's clock is ahead, in nanoseconds
	err        error                      // what is wrong with the configuration
}

func newKeySigner(key func(context.Context) (AccessKey, error), invalidate func(func(AccessKey) bool), opts []SignerOption) *keySigner {
	o, err := newSignerOptions(opts)
	s := &keySigner{key: key, invalidate: invalidate, offset: new(atomic.Int64), err: err}
	if err == nil && !o.noDomainID {
		plain := *s // the same key and clock, without a domain: it is what is looked up
		s.domain = newDomainLookup(o.pipeline(&plain))
	}
	return s
}

// Validate reports a configuration that cannot work.
func (s *keySigner) Validate() error { return s.err }

// Sign sets X-Sdk-Date, Authorization and, where there are any, X-Domain-Id and
// X-Security-Token.
func (s *keySigner) Sign(req *http.Request) error {
	if s.err != nil {
		return s.err
	}
	key, err := s.key(req.Context())
	if err != nil {
		return fmt.Errorf("get an access key: %w", err)
	}
	redactIn(req.Context(), key.ID, key.Secret.Reveal(), key.SecurityToken.Reveal())
	if key.DomainID == "" && s.domain != nil {
		if key.DomainID, err = s.domain.id(req.Context()); err != nil {
			return fmt.Errorf("look up the domain id (give AccessKey.DomainID, or WithoutDomainID to send none): %w", err)
		}
	}
	return signRequest(req, key, time.Now().Add(time.Duration(s.offset.Load())))
}

// Refresh cures a refusal that the clocks explain, or else drops the key that was
// refused, unless it has been renewed already.
func (s *keySigner) Refresh(refused *http.Response) (bool, error) {
	if s.correctClock(refused, time.Now()) {
		return true, nil
	}
	if s.invalidate == nil {
		return false, nil
	}
	authorization := refused.Request.Header.Get("Authorization")
	s.invalidate(func(held AccessKey) bool {
		return strings.HasPrefix(authorization, sdkhmac.Algorithm+" Access="+held.ID+",")
	})
	return true, nil
}

// correctClock takes the service's time from its answer if the signature was made
// more than maxSkew off it. An answer with Age comes from a cache, and its Date is old.
func (s *keySigner) correctClock(refused *http.Response, now time.Time) bool {
	date, err := http.ParseTime(refused.Header.Get("Date"))
	if err != nil || refused.Header.Get("Age") != "" {
		return false
	}
	signed, err := time.Parse(sdkhmac.DateFormat, refused.Request.Header.Get(headerSDKDate))
	if err != nil || date.Sub(signed).Abs() <= maxSkew {
		return false
	}
	s.offset.Store(int64(date.Sub(now)))
	return true
}

// signRequest signs req with key as of now.
func signRequest(req *http.Request, key AccessKey, now time.Time) error {
	bodyHash, err := hashBody(req)
	if err != nil {
		return err
	}
	makeHeader(req)
	date := now.UTC().Format(sdkhmac.DateFormat)
	host := withoutZone(cmp.Or(req.Host, req.URL.Host))
	headers := make([]sdkhmac.Header, 0, 4) // in the order of their names
	headers = append(headers, sdkhmac.Header{Name: "host", Value: host})
	values := make([]string, 0, 4) // where the values of the request's headers lie, together
	set := func(name, value string) {
		values = append(values, value)
		req.Header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	if key.DomainID != "" {
		set(headerDomainID, key.DomainID)
		headers = append(headers, sdkhmac.Header{Name: "x-domain-id", Value: key.DomainID})
	}
	set(headerSDKDate, date)
	headers = append(headers, sdkhmac.Header{Name: "x-sdk-date", Value: date})
	if token := key.SecurityToken.Reveal(); token != "" {
		set(headerSecurityToken, token)
		headers = append(headers, sdkhmac.Header{Name: "x-security-token", Value: token})
	}
	signed := sdkhmac.Request{
		Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery, Headers: headers, BodyHash: bodyHash,
	}
	authorization := signed.Authorization(key.ID, key.Secret.Reveal(), date)
	set("Authorization", authorization)
	redactIn(req.Context(), authorization)
	return nil
}

// withoutZone returns a host as net/http sends it: the zone of an IPv6 address means
// nothing elsewhere.
func withoutZone(host string) string {
	before, behind, found := strings.Cut(host, "%")
	_, behind, bracket := strings.Cut(behind, "]")
	if !found || !bracket {
		return host
	}
	return before + "]" + behind
}

// hashBody hashes a request's body and leaves the request with one that can still be read.
func hashBody(req *http.Request) (string, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return sdkhmac.EmptyBodyHash, nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxSignedBody+1))
	if err = errors.Join(err, req.Body.Close()); err != nil {
		return "", fmt.Errorf("read the body to sign it: %w", err)
	}
	if len(body) > maxSignedBody {
		return "", invalidArgument("a body of more than 12 MiB cannot be signed")
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return sdkhmac.HashBody(body), nil
}
