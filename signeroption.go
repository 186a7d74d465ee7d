package sms

import (
	"errors"
	"fmt"
	"net/http"
)

// DefaultIAMEndpoint is where tokens and domain ids are asked for unless
// WithIAMEndpoint says otherwise: IAM's global endpoint, as in the official SDKs.
const DefaultIAMEndpoint = "https://iam.myhuaweicloud.com"

// SignerOption changes how a signer talks to IAM. An option that cannot be met is
// ErrInvalidArgument in NewClient.
type SignerOption func(*signerOptions) error

type signerOptions struct {
	endpoint   string
	httpClient *http.Client
	insecure   bool
	noDomainID bool
}

// WithIAMEndpoint names the IAM endpoint: https://iam.myhuaweicloud.com by
// default, https://iam.{region}.myhuaweicloud.com for a region. The rules are those for
// the endpoint of NewClient.
func WithIAMEndpoint(endpoint string) SignerOption {
	return func(o *signerOptions) error {
		o.endpoint = endpoint
		return nil
	}
}

// WithIAMHTTPClient makes the signer talk to IAM through a copy of hc, as
// WithHTTPClient does for the service.
func WithIAMHTTPClient(hc *http.Client) SignerOption {
	return func(o *signerOptions) error {
		if hc == nil {
			return invalidArgument("WithIAMHTTPClient was given nil: leave it out for the default")
		}
		if err := checkHTTPClient(hc); err != nil {
			return err
		}
		o.httpClient = hc
		return nil
	}
}

// WithInsecureIAM accepts an IAM endpoint with http://, where passwords travel in
// the clear. It is for tests on one machine.
func WithInsecureIAM() SignerOption {
	return func(o *signerOptions) error {
		o.insecure = true
		return nil
	}
}

// WithoutDomainID makes a key's signer send no X-Domain-Id and not look it up.
func WithoutDomainID() SignerOption {
	return func(o *signerOptions) error {
		o.noDomainID = true
		return nil
	}
}

// newSignerOptions applies opts and checks the endpoint.
func newSignerOptions(opts []SignerOption) (signerOptions, error) {
	o := signerOptions{endpoint: DefaultIAMEndpoint}
	var errs []error
	for i, opt := range opts {
		if opt == nil {
			errs = append(errs, invalidArgument(fmt.Sprintf("signer option %d is nil", i+1)))
			continue
		}
		errs = append(errs, opt(&o))
	}
	endpoint, err := checkEndpoint(o.endpoint, o.insecure, "WithInsecureIAM", DefaultIAMEndpoint)
	if err != nil {
		err = fmt.Errorf("IAM: %w", err)
	}
	o.endpoint = endpoint
	return o, errors.Join(append(errs, err)...)
}

// pipeline returns the way to IAM, authenticated by signer. IAM's failures are
// retried here, and nowhere else.
func (o signerOptions) pipeline(signer Signer) *pipeline {
	var transport http.RoundTripper
	timeout := defaultTimeout
	if o.httpClient != nil {
		transport = o.httpClient.Transport
		if o.httpClient.Timeout > 0 {
			timeout = min(timeout, o.httpClient.Timeout)
		}
	}
	closeIdle := func() {}
	if transport == nil {
		own := newTransport()
		own.DisableKeepAlives = true // the next request comes in hours
		transport, closeIdle = own, own.CloseIdleConnections
	}
	p := newPipeline(o.endpoint, signer, transport, userAgent(""))
	p.timeout, p.onBroken = timeout, closeIdle
	return p
}

// anonymous signs nothing: the request carries what authenticates it in its body.
type anonymous struct{}

// Sign leaves req as it is.
func (anonymous) Sign(*http.Request) error { return nil }
