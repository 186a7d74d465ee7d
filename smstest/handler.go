package smstest

import (
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"example.com/huaweicloud/sms/internal/wire"
)

// refusal is an answer that is not a success.
type refusal struct {
	status int
	body   wire.Error
}

// handler answers every request: the gateway's checks first, then the service's.
func (s *Server) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := s.describe(r)
		id := randomHex(16)
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		answer, refused := s.serve(r, seen)
		seen.StatusCode = http.StatusOK
		if refused != nil {
			seen.StatusCode = refused.status
			if strings.HasPrefix(refused.body.Code, "APIGW.") {
				refused.body.RequestID = id
			}
			answer = refused.body
		}
		s.record(seen)
		writeJSON(w, seen.StatusCode, answer)
	})
}

func (s *Server) record(seen Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, seen)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body) // the client has gone: nothing to do about it
}

// serve returns the body of a success, or the refusal.
func (s *Server) serve(r *http.Request, seen Request) (any, *refusal) {
	if !strings.HasPrefix(r.URL.Path, s.basePath+"/") || seen.Operation == "" || r.Method != http.MethodGet {
		return nil, gatewayRefusal(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment.")
	}
	if refused := s.authenticate(r); refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if action := actionOf(seen.Operation); s.denied[action] {
		return nil, denial(action, seen.TaskID)
	}
	found, ok := s.tasks[seen.TaskID]
	if !ok {
		return nil, &refusal{http.StatusNotFound, wire.Error{Code: "SMS.2252", Message: "The migration task does not exist."}}
	}
	if seen.Operation == "ShowPassphrase" {
		return wire.Passphrase{TaskID: seen.TaskID, Passphrase: found.passphrase.Passphrase.Reveal()}, nil
	}
	return found.certKey(seen)
}

func (t task) certKey(seen Request) (any, *refusal) {
	m := t.material
	answer := wire.CertKey{
		CA: m.CA, Cert: m.Cert, PrivateKey: m.PrivateKey.Reveal(),
		TargetMgmtCert: m.TargetMgmtCert, TargetMgmtPrivateKey: m.TargetMgmtPrivateKey.Reveal(),
		TargetDataCert: m.TargetDataCert, TargetDataPrivateKey: m.TargetDataPrivateKey.Reveal(),
	}
	switch seen.Query.Get("enable_ca_cert") {
	case "", "true":
	case "false":
		answer.CA = ""
	default:
		return nil, &refusal{http.StatusBadRequest, wire.Error{Code: "SMS.9001", Message: "Invalid parameters."}}
	}
	return answer, nil
}

func actionOf(operation string) string {
	if operation == "ShowCertKey" {
		return ActionGetCert
	}
	return ActionGetTaskPassphrase
}

// denial is the documented 403.
func denial(action, taskID string) *refusal {
	text := "You do not have permission to perform action " + action + " on resource sms:::server:" + taskID + "."
	return &refusal{http.StatusForbidden, wire.Error{
		Code:                        "SMS.9004",
		Message:                     "The current account does not have the permission to execute policy. " + text,
		EncodedAuthorizationMessage: "smstest-" + randomHex(32),
		ErrorParam:                  []string{text},
		Details:                     []wire.Detail{{Code: "SMS.9004", Message: text}},
	}}
}

func gatewayRefusal(status int, code, message string) *refusal {
	return &refusal{status, wire.Error{Code: code, Message: message}}
}

// discardLog keeps handshakes that a test makes fail out of the test's output.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
