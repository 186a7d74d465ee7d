package sms

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"example.com/huaweicloud/sms/internal/renew"
)

const (
	opShowSecurityKey = "ShowSecurityKey"

	defaultMetadataEndpoint = "http://169.254.169.254"
	headerMetadataToken     = "X-Metadata-Token" //nolint:gosec // the name of a header
	headerMetadataTTL       = "X-Metadata-Token-Ttl-Seconds"

	metadataTimeout  = 3 * time.Second
	metadataTokenTTL = 6 * time.Hour  // the longest that the service gives
	metadataV1For    = 24 * time.Hour // before version 2 is tried again
)

// MetadataOption changes what ECSMetadata asks. One that cannot be met is
// ErrInvalidArgument in NewClient.
type MetadataOption func(*metadataOptions) error

type metadataOptions struct{ endpoint string }

// WithMetadataEndpoint names the metadata service: http://169.254.169.254 by
// default. Plain http is accepted for link-local and loopback IP addresses alone.
func WithMetadataEndpoint(endpoint string) MetadataOption {
	return func(o *metadataOptions) error {
		o.endpoint = endpoint
		return nil
	}
}

// ECSMetadata returns the temporary keys of the agency of the Elastic Cloud
// Server that the program runs on, for AccessKeyFrom.
//
// Version 2 of the metadata service is asked, with a token of its own, and version 1 for
// the next 24 hours where the server has no version 2 (404, 405 or 503). An attempt is
// bounded by 3 seconds; passing failures are retried. No proxy is used and no redirect followed.
// A failure of the service is an *APIError whose Operation is "CreateMetadataToken" or
// "ShowSecurityKey"; a 401 of the latter says that the server has no agency. Source:
// https://support.huaweicloud.com/intl/en-us/usermanual-ecs/ecs_03_0166.html
func ECSMetadata(opts ...MetadataOption) AccessKeySource {
	o := metadataOptions{endpoint: defaultMetadataEndpoint}
	for _, opt := range opts {
		if opt == nil {
			return &keyService{err: invalidArgument("a metadata option is nil")}
		}
		if err := opt(&o); err != nil {
			return &keyService{err: err}
		}
	}
	endpoint, err := checkLocalEndpoint("the metadata service", o.endpoint)
	if err != nil {
		return &keyService{err: err}
	}
	unsigned := localPipeline(endpoint, anonymous{}, metadataTimeout)
	return &keyService{
		pipeline: localPipeline(endpoint, newMetadataSigner(unsigned), metadataTimeout),
		request: func(context.Context) (call, error) {
			return call{operation: opShowSecurityKey, target: "/openstack/latest/securitykey"}, nil
		},
	}
}

// metadataToken is the service's own token, or none: then it speaks version 1.
type metadataToken struct {
	value   string
	expires time.Time
}

// metadataSigner sends the token of version 2.
type metadataSigner struct{ cache *renew.Cache[metadataToken] }

func newMetadataSigner(service *pipeline) *metadataSigner {
	return &metadataSigner{renew.New(renew.Source[metadataToken]{
		Fetch:     func(ctx context.Context) (metadataToken, error) { return createMetadataToken(ctx, service) },
		ExpiresAt: func(t metadataToken) time.Time { return t.expires },
		Refused:   definite,
	})}
}

func createMetadataToken(ctx context.Context, service *pipeline) (metadataToken, error) {
	token := metadataToken{expires: time.Now().Add(metadataTokenTTL)}
	err := service.do(ctx, call{
		operation: "CreateMetadataToken", method: http.MethodPut, target: "/meta-data/latest/api/token", text: true,
		header: http.Header{headerMetadataTTL: {strconv.Itoa(int(metadataTokenTTL / time.Second))}},
		decode: func(_ http.Header, body []byte) error {
			token.value = string(body)
			return checkCredential("the metadata token", token.value)
		},
	})
	if refused, ok := errors.AsType[*APIError](err); ok {
		switch refused.StatusCode {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
			return metadataToken{expires: time.Now().Add(metadataV1For)}, nil
		}
	}
	return token, err
}

// Sign sets X-Metadata-Token, where the service knows tokens.
func (s *metadataSigner) Sign(req *http.Request) error {
	token, err := s.cache.Get(req.Context())
	if err != nil || token.value == "" {
		return err
	}
	req.Header.Set(headerMetadataToken, token.value)
	redactIn(req.Context(), token.value)
	return nil
}

// Refresh drops the token that was refused.
func (s *metadataSigner) Refresh(refused *http.Response) (bool, error) {
	value := refused.Request.Header.Get(headerMetadataToken)
	s.cache.Invalidate(func(held metadataToken) bool { return held.value == value })
	return true, nil
}

// localPipeline is the way to a service of the machine itself: never through a proxy.
func localPipeline(endpoint string, signer Signer, timeout time.Duration) *pipeline {
	transport := newTransport()
	transport.Proxy = nil
	transport.DisableKeepAlives = true // the next request comes in hours
	p := newPipeline(endpoint, signer, transport, userAgent(""))
	p.timeout = timeout
	return p
}

// checkLocalEndpoint is checkEndpoint for a service that may speak plain http
// where that does not leave the machine.
func checkLocalEndpoint(what, endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err == nil && u.Scheme == "http" {
		address, err := netip.ParseAddr(u.Hostname())
		if local := address.IsLinkLocalUnicast() || address.IsLoopback(); err != nil || !local {
			return "", invalidArgument(what + " is plain http, which only a link-local or loopback IP address may be")
		}
	}
	return checkEndpoint(endpoint, true, "", defaultMetadataEndpoint)
}
