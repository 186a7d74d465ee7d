package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Version is this library's version, as it stands in the User-Agent.
const Version = "0.1.0"

const (
	defaultTimeout     = 30 * time.Second
	defaultMaxResponse = 1 << 20
)

// Client calls the Server Migration Service. Make one with NewClient or
// NewClientFromEnv and keep it: it holds the connections and the credentials. It is safe for
// concurrent use by any number of goroutines.
type Client struct {
	pipeline          *pipeline
	signer            Signer
	closeIdle         func() // does nothing where the transport is the user's
	allowTaskMismatch bool
}

// NewClient returns a client of the service at endpoint that authenticates with
// signer.
//
// The endpoint is an absolute https URL, such as Endpoint(region) returns; a path
// in it is kept and goes before the API's own. User info, a query, a fragment, a
// missing host and, without WithInsecureHTTP, plain http are refused. So are a nil signer, a
// signer whose Validate fails and an option that cannot be met: all of these
// are ErrInvalidArgument. NewClient sends nothing.
func NewClient(endpoint string, signer Signer, opts ...Option) (*Client, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	base, err := checkEndpoint(endpoint, o.insecure, "WithInsecureHTTP", "https://sms.ap-southeast-3.myhuaweicloud.com")
	if err != nil {
		return nil, err
	}
	if err := checkSigner(signer); err != nil {
		return nil, err
	}
	return o.client(base, signer), nil
}

// Endpoint returns the service's URL, without a slash at its end.
func (c *Client) Endpoint() string {
	if c.pipeline == nil {
		return ""
	}
	return c.pipeline.endpoint
}

// do performs a call. A Client that NewClient has not made has no way to do it.
func (c *Client) do(ctx context.Context, operation call) error {
	if c == nil || c.pipeline == nil {
		return invalidArgument(operation.operation + ": the Client was not made by NewClient")
	}
	return c.pipeline.do(ctx, operation)
}

// CloseIdleConnections closes connections that are not in use, where the
// transport is the client's own. A transport that came with WithHTTPClient is left alone.
// The client stays usable.
func (c *Client) CloseIdleConnections() {
	if c.closeIdle != nil {
		c.closeIdle()
	}
}

// Option changes what NewClient builds. Of two that say the same thing the last one counts.
type Option func(*options) error

type options struct {
	clientTimeout     time.Duration     // of the http.Client, 0 for none
	transport         http.RoundTripper // nil for one of our own
	timeout           time.Duration
	limit             int64
	retry             RetryPolicy
	logger            *slog.Logger
	observe           func(context.Context, Attempt)
	product           string
	insecure          bool
	allowTaskMismatch bool
}

func newOptions(opts []Option) (options, error) {
	o := options{timeout: defaultTimeout, limit: defaultMaxResponse}
	for i, opt := range opts {
		if opt == nil {
			return options{}, invalidArgument(fmt.Sprintf("option %d is nil", i+1))
		}
		if err := opt(&o); err != nil {
			return options{}, err
		}
	}
	return o, nil
}

func (o options) client(endpoint string, signer Signer) *Client {
	transport, closeIdle := o.transport, func() {}
	var trace *httptrace.ClientTrace
	if transport == nil {
		own := newTransport()
		dialQuiet(own)
		transport, closeIdle, trace = newFirstConn(own), own.CloseIdleConnections, settling()
	}
	p := newPipeline(endpoint, signer, transport, userAgent(o.product))
	p.trace = trace
	p.timeout, p.limit, p.retry, p.onBroken = o.timeout, o.limit, o.retry.withDefaults(), closeIdle
	if o.clientTimeout > 0 {
		p.timeout = min(p.timeout, o.clientTimeout)
	}
	if o.logger != nil || o.observe != nil {
		p.watchers = &watchers{logger: o.logger, observe: o.observe}
	}
	return &Client{pipeline: p, signer: signer, closeIdle: closeIdle, allowTaskMismatch: o.allowTaskMismatch}
}

// WithHTTPClient makes the client send through a copy of hc. hc itself is never
// changed. Its Transport, TLS settings and proxy included, is used as it is, or one of ours
// where it is nil; credentials are added above it. Its Timeout bounds an attempt where it is
// smaller than WithTimeout. Its cookie jar is dropped and its CheckRedirect
// ignored: redirects are never followed. nil and a negative Timeout are ErrInvalidArgument.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) error {
		if hc == nil {
			return invalidArgument("WithHTTPClient was given nil: leave it out for the default")
		}
		if err := checkHTTPClient(hc); err != nil {
			return err
		}
		o.transport, o.clientTimeout = hc.Transport, hc.Timeout
		return nil
	}
}

func checkHTTPClient(hc *http.Client) error {
	if hc.Timeout < 0 {
		return invalidArgument("the http.Client's Timeout is negative")
	}
	if hc.Transport != nil && isNil(hc.Transport) {
		return invalidArgument("the http.Client's Transport is a nil pointer: leave it out for the default")
	}
	return nil
}

// WithTimeout bounds one attempt, from asking the signer for credentials to the
// last byte of the body: 30 seconds by default. Zero and less are ErrInvalidArgument. The context
// given to a call bounds the whole call, waits and retries included.
//
// An attempt that is over is ErrAttemptTimeout, and is retried unless it was still waiting for
// credentials: their source has its own time and retries. When the last call that waits for it has
// left, the fetch of credentials is cancelled, so leave enough time for IAM to answer.
func WithTimeout(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return invalidArgument("WithTimeout wants more than 0")
		}
		o.timeout = d
		return nil
	}
}

// WithRetry replaces the retry policy. Zero fields keep their defaults.
func WithRetry(policy RetryPolicy) Option {
	return func(o *options) error {
		if policy.MaxAttempts < 0 || policy.BaseDelay < 0 || policy.MaxDelay < 0 {
			return invalidArgument("WithRetry was given a negative field; MaxAttempts: 1 turns retries off")
		}
		o.retry = policy
		return nil
	}
}

// WithLogger makes the client log attempts (level Debug), retries and renewals
// (Info) with their request ids, those of its signer's calls to IAM too. It never
// logs a secret or a body. Without it nothing is logged. nil is ErrInvalidArgument.
//
//	sms: attempt              Debug  operation, attempt, duration; replayed, status, request_id, error
//	sms: retry                Info   operation, attempt, wait, reason
//	sms: credentials renewed  Info   kind, expires
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) error {
		if logger == nil {
			return invalidArgument("WithLogger was given nil: leave it out to log nothing")
		}
		o.logger = logger
		return nil
	}
}

// WithUserAgent puts product, such as "backup-agent/2.1", before the library's
// own name in the User-Agent header. It must be 1 to 255 printable ASCII characters.
func WithUserAgent(product string) Option {
	return func(o *options) error {
		if err := checkCredential("the user agent", product); err != nil {
			return err
		}
		if len(product) > maxErrorID {
			return invalidArgument("the user agent is longer than 255 characters")
		}
		o.product = product
		return nil
	}
}

// WithMaxResponseSize bounds the body of a success, counted after decoding: 1 MiB
// by default, 1 byte to 1 GiB. A longer one is ErrResponseTooLarge.
func WithMaxResponseSize(bytes int64) Option {
	return func(o *options) error {
		if bytes <= 0 || bytes > maxResponseLimit {
			return invalidArgument("WithMaxResponseSize wants 1 byte to 1 GiB")
		}
		o.limit = bytes
		return nil
	}
}

const maxResponseLimit = 1 << 30

// WithInsecureHTTP accepts an endpoint with http://, where credentials and private
// keys travel in the clear. It is for tests on one machine.
func WithInsecureHTTP() Option {
	return func(o *options) error {
		o.insecure = true
		return nil
	}
}

// AllowTaskIDMismatch accepts a passphrase answer that names another task than
// the one that was asked for. Without it such an answer is ErrInvalidResponse.
func AllowTaskIDMismatch() Option {
	return func(o *options) error {
		o.allowTaskMismatch = true
		return nil
	}
}

func userAgent(product string) string {
	own := "huaweicloud-sms-go/" + Version + " (" + runtime.Version() + "; " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	if product == "" {
		return own
	}
	return product + " " + own
}

// checkEndpoint returns endpoint in its normal form: no slash at the end. The
// error does not quote it, as it may hold a password; it names the option that allows http
// and shows an example.
func checkEndpoint(endpoint string, insecure bool, option, example string) (string, error) {
	refuse := func(text string) (string, error) {
		return "", invalidArgument("the endpoint " + text + "; it should look like " + example)
	}
	if endpoint == "" {
		return refuse("is empty")
	}
	if err := checkHeaderValue("the endpoint", endpoint); err != nil {
		return "", err
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return refuse("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("does not begin with https://")
	case u.Scheme == "http" && !insecure:
		return refuse("is plain http, where keys would travel in the clear (" + option + " allows it, for tests)")
	case u.User != nil:
		return refuse("holds user info: credentials belong into the signer")
	case u.RawQuery != "" || u.ForceQuery:
		return refuse("has a query")
	case u.Fragment != "" || strings.Contains(endpoint, "#"):
		return refuse("has a fragment")
	case u.Hostname() == "":
		return refuse("names no host")
	case checkPort(u) != nil:
		return refuse("has a port that is not 1 to 65535")
	case u.Path != "" && path.Clean(u.Path) != strings.TrimRight(u.Path, "/") && strings.Trim(u.Path, "/") != "":
		return refuse("has a path with empty or dotted segments")
	}
	base := url.URL{Scheme: u.Scheme, Host: u.Host} // String escapes the zone of an IPv6 address
	return base.String() + strings.TrimRight(u.EscapedPath(), "/"), nil
}

func checkPort(u *url.URL) error {
	if u.Port() == "" {
		if strings.HasSuffix(u.Host, ":") {
			return errors.New("no port after the colon")
		}
		return nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err == nil && port == 0 {
		return errors.New("port 0")
	}
	return err
}
