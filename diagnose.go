package sms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"example.com/huaweicloud/sms/internal/printable"
)

// transportError is an attempt that got no answer.
type transportError struct {
	err       error
	temporary bool // worth another attempt
}

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// diagnose gives the failure of one attempt the form in which the caller sees it.
// ctx is the caller's context, attemptCtx the one that the attempt ran under.
func (p *pipeline) diagnose(ctx, attemptCtx context.Context, err error, sent *redactions) error {
	failed, signFailed := asSignError(err)
	if !signFailed && answered(err) {
		return err
	}
	if ended := endOf(ctx); ended != nil {
		return contextError(ctx, ended)
	}
	late := attemptCtx.Err() != nil
	switch {
	case signFailed && late:
		return &signError{&timeoutError{after: p.timeout}}
	case signFailed:
		return &signError{conceal(failed.err, sent)}
	}
	if late {
		return &transportError{&timeoutError{after: p.timeout}, true}
	}
	if timedOut(err) {
		return &transportError{&timeoutError{cause: conceal(err, sent)}, true}
	}
	if headersTooLarge(err) {
		return fmt.Errorf("%w: more than %d bytes of headers", ErrResponseTooLarge, maxResponseHeader)
	}
	if text := malformed(err); text != "" {
		p.broken()
		if cutShort(err) || unasked(err) {
			return &transportError{invalidResponse(text), true}
		}
		return invalidResponse(text)
	}
	return &transportError{conceal(err, sent), temporary(err)}
}

// answered reports whether err is what receive made of an answer: that is final,
// whatever has become of the context in the meantime.
func answered(err error) bool {
	var refused *APIError
	return errors.As(err, &refused) || errors.Is(err, ErrInvalidResponse)
}

// endOf returns how ctx has ended, or nil. The deadline counts as soon as it has passed:
// the network layer, which knows it too, may notice before the context's own timer does.
func endOf(ctx context.Context) error {
	if deadline, bounded := ctx.Deadline(); bounded && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// contextError is the end of the caller's context, with the cause that it was
// given where it was given one.
func contextError(ctx context.Context, ended error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ended) {
		return fmt.Errorf("%w: %w", ended, cause)
	}
	return ended
}

// timeoutError is ErrAttemptTimeout, and a net.Error. It is not
// context.DeadlineExceeded: that is the caller's own deadline.
type timeoutError struct {
	after time.Duration // WithTimeout, where that was the limit
	cause error         // the transport's own time-out otherwise
}

func (e *timeoutError) Error() string {
	if e.cause != nil {
		return ErrAttemptTimeout.Error() + ": " + e.cause.Error()
	}
	return fmt.Sprintf("%v: no complete answer within %v", ErrAttemptTimeout, e.after)
}

func (e *timeoutError) Is(target error) bool { return target == ErrAttemptTimeout }
func (e *timeoutError) Timeout() bool        { return true }
func (e *timeoutError) Temporary() bool      { return true }

func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// temporary reports whether a failed attempt may go better the next time:
// refused, reset or closed connections, and name servers that have trouble.
func temporary(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary && !dns.IsNotFound
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	for _, code := range brokenConnection {
		if errors.Is(err, code) {
			return true
		}
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		http2Ended(err) || hasText(err, "server closed idle connection")
}

// http2Ended reports whether the peer gave up a stream or the connection. The
// types are net/http's own; all but a stream error can only be told by their text.
func http2Ended(err error) bool {
	if stream, ok := errors.AsType[streamError](err); ok {
		return stream.Cause != nil && strings.Contains(stream.Cause.Error(), "received from peer")
	}
	return hasText(err, "http2: server sent GOAWAY", "http2: Transport received", "http2: client connection lost", "http2: client connection force closed")
}

// streamError has the fields of net/http's own type, which lets itself be copied
// to any struct that has them.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "HTTP/2 stream error" }

// malformed returns what to say of an answer that is not HTTP, or "" where that
// is not what went wrong. net/http quotes such answers in its errors: they may
// hold anything, so nothing of that text is passed on.
func malformed(err error) string {
	var mime textproto.ProtocolError
	var protocol *http.ProtocolError //nolint:staticcheck // net/http still returns some
	switch {
	case hasText(err, "server gave HTTP response to HTTPS client", "does not look like a TLS handshake"):
		return "the server does not speak TLS: is the endpoint's port right?"
	case temporary(err):
		return ""
	case unasked(err):
		return "the server sent something before it was asked"
	case errors.As(err, &mime), errors.As(err, &protocol),
		hasText(err, "malformed", "bad Content-Length", "multiple Content-Length", "invalid byte in chunk",
			"chunk length", "chunked line", "chunked encoding", "unsupported transfer encoding", "transport connection broken",
			"1xx", "PROTOCOL_ERROR", "FRAME_SIZE_ERROR", "COMPRESSION_ERROR", "FLOW_CONTROL_ERROR", "http: invalid",
			"suspiciously long trailer", "http2: frame too large", "http2: invalid"):
		return "the answer is not valid HTTP"
	default:
		return ""
	}
}

// cutShort reports whether what could not be read is the beginning of an answer
// whose connection has ended within a line of its head: net/http takes the piece for a whole line.
func cutShort(err error) bool {
	text := protocolText(err)
	if strings.Contains(text, "malformed MIME header") {
		return true
	}
	if _, quoted, found := strings.Cut(text, "malformed HTTP response "); found {
		piece, unquoteErr := strconv.Unquote(quoted)
		return unquoteErr == nil && strings.HasPrefix("HTTP/1.1 ", piece)
	}
	_, quoted, found := strings.Cut(text, "malformed HTTP status code ")
	return found && len(quoted) < len(`"200"`)
}

// unasked reports whether the connection was given up because the server had sent
// something on it before the request: the next one may be in order.
func unasked(err error) bool {
	return errors.Is(err, errUnasked) || hasText(err, "readLoopPeekFailLocked: %!w(<nil>)")
}

func headersTooLarge(err error) bool {
	return hasText(err, "response headers exceeded", "response header list larger")
}

// hasText looks for what net/http says and has no type for. It does not look at
// addresses and URLs, which are the caller's words.
func hasText(err error, parts ...string) bool {
	text := protocolText(err)
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// protocolText returns the text of err without the URL that http.Client puts before
// it, and "" for what has a type: such errors quote hosts.
func protocolText(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	var (
		network *net.OpError
		name    *net.DNSError
		cert    *tls.CertificateVerificationError
		host    x509.HostnameError
	)
	if errors.As(err, &network) || errors.As(err, &name) || errors.As(err, &cert) || errors.As(err, &host) {
		return ""
	}
	return err.Error()
}

// conceal returns err, or, where its text shows a credential, an error that says
// the same without it. The chain beneath is then cut: its texts would show it too.
func conceal(err error, sent *redactions) error {
	if !sent.holds(err.Error()) {
		return err
	}
	return errors.New(sent.line(err.Error(), maxErrorText))
}

func oneLine(text string) string { return printable.Line(text, maxErrorText) }

// hint says what the reader can do about an error that is not an APIError.
func hint(err error) string {
	var (
		refused *APIError
		cert    *tls.CertificateVerificationError
		dns     *net.DNSError
	)
	switch {
	case errors.As(err, &refused):
		return ""
	case errors.Is(err, ErrResponseTooLarge):
		return ""
	case errors.Is(err, ErrInvalidResponse):
		return "check the endpoint, and any proxy that may have answered in its place"
	case errors.As(err, &cert):
		return "check the endpoint; for a private certificate authority pass an http.Client that trusts it to WithHTTPClient"
	case errors.As(err, &dns):
		return "check the endpoint's host name and the name servers"
	case errors.Is(err, ErrAttemptTimeout):
		return "check the network, or allow more with WithTimeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "check the endpoint, and any proxy"
	default:
		return ""
	}
}
