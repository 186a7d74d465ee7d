package sms

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"

	"example.com/huaweicloud/sms/internal/wire"
)

const (
	maxErrorBody      = 64 << 10  // bytes of an error body that are read
	maxResponseHeader = 256 << 10 // bytes of headers that our own transport reads
	maxErrorMessage   = 4 << 10   // bytes of a message that an APIError keeps
	maxErrorID        = 255       // bytes of a code or a request id that an APIError keeps
	maxErrorTexts     = 100       // params and details that an APIError keeps: the service documents 20
)

// receive turns an answer into nil, once c.decode has taken a success, or an
// error: an *APIError, an ErrInvalidResponse, or what went wrong while reading.
func (p *pipeline) receive(ctx context.Context, c call, resp *http.Response, sent *redactions) error {
	success := c.success
	if success == 0 {
		success = http.StatusOK
	}
	if resp.StatusCode != success {
		return p.receiveRefusal(ctx, c, resp, sent)
	}
	buffer := p.buffer()
	defer p.release(buffer)
	var err error
	if c.text || !heldBack(resp) {
		err = readAll(buffer, resp, whole, p.limit)
		if err == nil {
			err = c.accept(resp, *buffer)
		}
	} else {
		err = c.acceptHeldBack(buffer, resp, p.limit)
	}
	if _, wrong := errors.AsType[*decodeError](err); !wrong {
		return err
	}
	p.broken()
	if refusal, ok := wire.ParseError(*buffer); ok {
		return newAPIError(c.operation, resp, refusal, sent)
	}
	return invalidResponse(err.Error())
}

// decodeError is what a body that is not the documented answer is refused with.
type decodeError struct{ error }

func (c call) accept(resp *http.Response, body []byte) error {
	if err := c.decode(resp.Header, body); err != nil {
		return &decodeError{err}
	}
	return nil
}

// heldBack reports whether the last byte of the answer is to be read only when the
// rest has been found to be right. net/http takes a connection of HTTP/1 for idle as soon as
// Content-Length bytes were read, and writes what else arrives to the standard
// logger: with a Content-Length that is too short that would be a piece of a key.
func heldBack(resp *http.Response) bool {
	return resp.ProtoMajor == 1 && resp.ContentLength > 1 && encoding(resp) == ""
}

// acceptHeldBack reads all but the last byte of a JSON object, decodes it as if
// that were its brace, or else white space behind the brace, and then sees whether it is.
// Otherwise the connection is closed with the body, and not used again.
func (c call) acceptHeldBack(buffer *[]byte, resp *http.Response, limit int64) error {
	if resp.ContentLength > limit {
		return tooLarge(limit)
	}
	if err := readAll(buffer, resp, resp.ContentLength-1, limit); err != nil {
		return err
	}
	presize(buffer, int64(len(*buffer))+1)
	rest := *buffer
	*buffer = append(rest, '}')
	want := "}"
	if err := c.accept(resp, *buffer); err != nil {
		if c.accept(resp, rest) != nil {
			return err
		}
		want = " \t\r\n"
	}
	last := (*buffer)[len(rest):]
	if _, err := io.ReadFull(resp.Body, last); err != nil {
		return err
	}
	if !strings.Contains(want, string(last)) {
		return &decodeError{errors.New("the body is not one valid JSON object (at its last byte)")}
	}
	return nil
}

// receiveRefusal reads what came with any other status. The status is not lost
// unless the caller has left: what cannot be read of the body, in the time of the attempt, or not
// be understood, only leaves fields empty.
func (p *pipeline) receiveRefusal(ctx context.Context, c call, resp *http.Response, sent *redactions) error {
	var body []byte
	if resp.StatusCode/100 != 1 { // 101 hands over the connection: it has no body and no end
		err := readAll(&body, resp, whole, maxErrorBody)
		if err != nil && ctx.Err() != nil && !attemptEnded(ctx) {
			return err
		}
	}
	refusal, isError := wire.ParseError(body)
	if resp.StatusCode/100 == 2 && !isError {
		p.broken()
		return invalidResponse(statusLine(resp.StatusCode) + " in place of " + statusLine(http.StatusOK))
	}
	return newAPIError(c.operation, resp, refusal, sent)
}

func newAPIError(operation string, resp *http.Response, body wire.Error, sent *redactions) *APIError {
	text := func(s string, limit int) string { return sent.line(s, limit) }
	e := &APIError{
		Operation:                   operation,
		StatusCode:                  resp.StatusCode,
		Code:                        text(body.Code, maxErrorID),
		Message:                     text(body.Message, maxErrorMessage),
		RequestID:                   text(requestID(resp.Header), maxErrorID),
		EncodedAuthorizationMessage: text(body.EncodedAuthorizationMessage, maxErrorBody),
		RetryAfter:                  retryAfter(resp.Header),
	}
	if e.RequestID == "" {
		e.RequestID = text(body.RequestID, maxErrorID)
	}
	for _, param := range body.ErrorParam[:min(len(body.ErrorParam), maxErrorTexts)] {
		e.ErrorParam = append(e.ErrorParam, text(param, maxErrorBody))
	}
	for _, detail := range body.Details[:min(len(body.Details), maxErrorTexts)] {
		e.Details = append(e.Details, ErrorDetail{text(detail.Code, maxErrorID), text(detail.Message, maxErrorBody)})
	}
	return e
}

// requestID returns the name that SMS and the gateway, or else IAM, gave the request.
func requestID(header http.Header) string {
	if id := header.Get("X-Request-Id"); id != "" {
		return id
	}
	return header.Get("X-Iam-Trace-Id")
}

// whole, as a size, reads a body to its end.
const whole = math.MaxInt64

// encoding returns the Content-Encoding, "" for none.
func encoding(resp *http.Response) string {
	name := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	if name == "identity" {
		return ""
	}
	return name
}

// readAll appends the decoded body to *buffer, up to limit bytes; more is
// ErrResponseTooLarge, with the first limit bytes kept. No more than size bytes are
// read from the connection.
func readAll(buffer *[]byte, resp *http.Response, size, limit int64) error {
	source := &trackedReader{reader: resp.Body, left: size}
	var body io.Reader = source
	switch encoding(resp) {
	case "":
		presize(buffer, min(resp.ContentLength, limit, keptBuffer)+1)
	case "gzip", "x-gzip": // unasked, and yet it happens
		unzipped, err := gzip.NewReader(source)
		if err != nil {
			return source.blame(err)
		}
		body = unzipped
	default:
		return invalidResponse("a Content-Encoding that was not asked for")
	}
	for {
		presize(buffer, int64(len(*buffer))+1)
		room := min(int64(cap(*buffer)), limit+1)
		n, err := body.Read((*buffer)[len(*buffer):room])
		*buffer = (*buffer)[:len(*buffer)+n]
		if int64(len(*buffer)) > limit {
			wipe((*buffer)[limit:])
			*buffer = (*buffer)[:limit]
			return tooLarge(limit)
		}
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return source.blame(err)
		}
	}
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: more than %d bytes; raise WithMaxResponseSize if so much is to be expected", ErrResponseTooLarge, limit)
}

// trackedReader remembers how its reader failed, to tell a broken connection
// from a broken compression.
type trackedReader struct {
	reader io.Reader
	left   int64 // bytes to its end
	err    error
}

func (t *trackedReader) Read(b []byte) (int, error) {
	if t.left <= 0 {
		return 0, io.EOF
	}
	n, err := t.reader.Read(b[:min(int64(len(b)), t.left)])
	t.left -= int64(n)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}

func (t *trackedReader) blame(err error) error {
	if t.err != nil {
		return t.err
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return invalidResponse("a gzip body that does not decode")
	}
	return invalidResponse("a body that does not decode")
}

// presize grows *buffer to hold at least size bytes, and wipes what it leaves behind.
func presize(buffer *[]byte, size int64) {
	if size <= int64(cap(*buffer)) {
		return
	}
	grown := make([]byte, len(*buffer), max(size, 2*int64(cap(*buffer)), 1<<10))
	copy(grown, *buffer)
	wipe(*buffer)
	*buffer = grown
}

func wipe(b []byte) { clear(b[:cap(b)]) }

// keptBuffer is the size up to which a buffer is kept for the next call.
const keptBuffer = 64 << 10

func (p *pipeline) buffer() *[]byte {
	if b, ok := p.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

// release wipes a buffer, which has held keys, and keeps it for the next call.
func (p *pipeline) release(b *[]byte) {
	wipe(*b)
	*b = (*b)[:0]
	if cap(*b) <= keptBuffer {
		p.buffers.Put(b)
	}
}

// broken lets go of idle connections after an answer that was not what it should
// be: what else waits in them must not be taken for the next answer.
func (p *pipeline) broken() {
	if p.onBroken != nil {
		p.onBroken()
	}
}

func invalidResponse(text string) error { return fmt.Errorf("%w: %s", ErrInvalidResponse, text) }
