package smstest

import (
	"encoding/hex"
	"encoding/json"
	"net/http"

	"example.com/huaweicloud/sms/internal/wire"
)

const headerRequestID = "X-Request-Id"

// refusal is an answer of SMS, or of the gateway before it, that is not a success.
type refusal struct {
	status  int
	body    wire.Error
	gateway bool // it repeats the request's id in the body
}

func gatewayError(status int, code, message string) *refusal {
	return &refusal{status, wire.Error{Code: code, Message: message}, true}
}

func serviceError(status int, code, message string) *refusal {
	return &refusal{status, wire.Error{Code: code, Message: message}, false}
}

func (r *refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	body := r.body
	if r.gateway {
		body.RequestID = w.Header().Get(headerRequestID)
	}
	respond(w, r.status, body)
}

// respond sends body as JSON.
func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(must(json.Marshal(body)))
}

// newRequestID returns 32 hexadecimal digits, as the gateway's ids are.
func newRequestID() string { return hex.EncodeToString(randomBytes(16)) }
