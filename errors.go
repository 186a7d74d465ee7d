package sms

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/huaweicloud/sms/internal/printable"
)

// Sentinels for errors.Is. The first group is by status and matches an
// *APIError of any operation.
var (
	ErrRedirect     = errors.New("sms: redirect")          // any 3xx; redirects are never followed
	ErrBadRequest   = errors.New("sms: bad request")       // 400
	ErrUnauthorized = errors.New("sms: unauthorized")      // 401
	ErrForbidden    = errors.New("sms: forbidden")         // 403
	ErrNotFound     = errors.New("sms: not found")         // 404
	ErrThrottled    = errors.New("sms: throttled")         // 429
	ErrServer       = errors.New("sms: server-side fault") // any 5xx
)

// Sentinels for what is not an answer of the service.
var (
	// ErrInvalidArgument is what a call or a constructor returns for an argument
	// that cannot be right, and a call for credentials that a source of the user's own returned and
	// that cannot be sent. Nothing was sent.
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrInvalidResponse is a success status whose body is not the documented
	// answer. Where the body is an error object, the error is an *APIError too.
	ErrInvalidResponse = errors.New("invalid response")
	// ErrResponseTooLarge is a body above the limit of WithMaxResponseSize. It is
	// ErrInvalidResponse as well.
	ErrResponseTooLarge error = &subError{"response too large", ErrInvalidResponse}
	// ErrAttemptTimeout is one attempt that took longer than WithTimeout allows,
	// as against the caller's own deadline, which is context.DeadlineExceeded.
	// Such an error is a net.Error whose Timeout reports true.
	ErrAttemptTimeout = errors.New("attempt timed out")
	// ErrNoCredentials is what SignerFromEnv returns when it finds none. The error
	// names every place that was looked at.
	ErrNoCredentials = errors.New("no credentials")
)

// subError is a sentinel that is a special case of another.
type subError struct {
	text  string
	super error
}

func (e *subError) Error() string { return e.text }
func (e *subError) Unwrap() error { return e.super }

// APIError is an answer that is not a success: of SMS, of the API gateway before
// it, of IAM (its Operation is then "CreateToken", "ListDomains" and the like) or of
// whatever stands in between, such as a proxy. All fields but Operation and StatusCode
// are empty where the answer did not fill them.
//
// Texts from the answer have our own credentials replaced with "[REDACTED]" and
// control characters escaped. At most 64 KiB of an error body are read; fields
// that come later are lost, those before are kept.
//
// Test for a class of errors with errors.Is and the sentinels by status; get at
// the fields with errors.As. Calls that fail for the same refusal of IAM share one
// APIError: do not change it.
type APIError struct {
	// Operation is the call that was refused: "ShowCertKey" or "ShowPassphrase" by SMS or
	// the gateway before it; "CreateToken", "CreateTokenByAgency", "ExchangeIDToken",
	// "CreateTemporaryKey" or "ListDomains" by IAM; "CreateMetadataToken" or "ShowSecurityKey" by
	// the metadata service of an ECS; "ShowPodIdentity" by that of a pod;
	// "DecodeAuthorizationMessage" by STS.
	Operation string
	// StatusCode is the HTTP status: 403.
	StatusCode int
	// Code is the service's own code: "SMS.9004" from SMS, "APIGW.0301" from the
	// gateway. A numeric code, as IAM's, is in decimal. At most 255 bytes.
	Code string
	// Message is the service's text, at most 4 KiB.
	Message string
	// RequestID names the request in the provider's logs, from the X-Request-Id
	// header or the body, at most 255 bytes.
	RequestID string
	// EncodedAuthorizationMessage, of a 403, holds the reasons in encrypted form,
	// 0 to 65,535 characters. Huawei's STS decodes it.
	EncodedAuthorizationMessage string
	// ErrorParam, of a 403, lists what was invalid, 1 to 20 texts; of more, 100 are kept.
	ErrorParam []string
	// Details, of a 403, lists the causes, 1 to 20; of more, 100 are kept.
	Details []ErrorDetail
	// RetryAfter is how long the service asks to wait: its Retry-After in whole seconds,
	// or until the date in it; 0 where it does not say or what it says is neither.
	RetryAfter time.Duration
}

// ErrorDetail is one cause of an APIError.
type ErrorDetail struct {
	// Code is like that of APIError: "SMS.9004".
	Code string `json:"error_code"`
	// Message is the service's text, at most 64 KiB.
	Message string `json:"error_msg"`
}

// maxErrorText bounds what Error returns.
const maxErrorText = 1024

// Error returns one line of at most 1 KiB: operation, status, code, message,
// request id, and what to do about it. It never holds the raw body or
// EncodedAuthorizationMessage.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sms: %s: %s", printable.Line(e.Operation, 64), statusLine(e.StatusCode))
	if e.Code != "" {
		b.WriteString(": " + printable.Line(e.Code, 64))
	}
	if e.Message != "" {
		b.WriteString(": " + printable.Line(e.Message, 512))
	}
	if e.RequestID != "" {
		b.WriteString(" (request id " + printable.Line(e.RequestID, 64) + ")")
	}
	if hint := e.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return printable.Line(b.String(), maxErrorText)
}

func statusLine(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return "status " + strconv.Itoa(status)
}

// action names the permission that each call needs.
func action(operation string) string {
	switch operation {
	case opShowCertKey:
		return "sms:server:getCert"
	case opShowPassphrase:
		return "sms:server:getTaskPassphrase"
	default:
		return ""
	}
}

// hint says what the reader can do about the error.
func (e *APIError) hint() string {
	switch permission := action(e.Operation); {
	case e.Is(ErrInvalidResponse):
		return "the answer has a success status and an error in its body"
	case e.Is(ErrRedirect):
		return "redirects are not followed: check the endpoint and any proxy before it"
	case e.StatusCode == http.StatusUnauthorized && permission != "":
		return "check the credentials, the region that they are for and this machine's clock"
	case e.StatusCode == http.StatusUnauthorized && e.Operation == opShowSecurityKey:
		return "give the ECS an agency (Cloud Service Agency) that may use SMS"
	case e.StatusCode == http.StatusUnauthorized && e.Operation == opShowPodIdentity:
		return "check the pod's token file and its identity"
	case e.StatusCode == http.StatusUnauthorized:
		return "check the domain, the user and the password or key that IAM was given"
	case e.StatusCode == http.StatusForbidden && permission != "":
		if action, _ := e.Denied(); action != "" {
			return "the caller needs the permission " + printable.Line(action, 64)
		}
		return "the caller may lack the permission " + permission
	case e.StatusCode == http.StatusNotFound && permission != "":
		return "check the task id and the endpoint"
	case e.StatusCode == http.StatusTooManyRequests && e.RetryAfter > 0:
		return "try again in " + e.RetryAfter.String()
	default:
		return ""
	}
}

// Is matches the sentinels by status, and ErrInvalidResponse for an error object
// that came with a success status.
func (e *APIError) Is(target error) bool {
	switch target {
	case ErrRedirect:
		return e.StatusCode/100 == 3
	case ErrBadRequest:
		return e.StatusCode == http.StatusBadRequest
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound
	case ErrThrottled:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrServer:
		return e.StatusCode/100 == 5
	case ErrInvalidResponse:
		return e.StatusCode/100 == 2
	default:
		return false
	}
}
