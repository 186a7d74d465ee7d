package smstest

import (
	"net/http"
	"net/url"
	"strings"

	"example.com/huaweicloud/sms/internal/wire"
)

// The operations of SMS, as they stand in Request.Operation.
const (
	ShowCertKey    = "ShowCertKey"
	ShowPassphrase = "ShowPassphrase"
)

// The IAM actions that the operations need, for Deny.
const (
	ActionGetCert           = "sms:server:getCert"
	ActionGetTaskPassphrase = "sms:server:getTaskPassphrase"
)

const maxTaskID = 255

// operation is what a request asks for.
type operation struct {
	name   string // empty where there is no such thing
	taskID string
	serve  http.HandlerFunc
}

func notFound(w http.ResponseWriter, r *http.Request) {
	gatewayError(http.StatusNotFound, "APIGW.0101",
		"The API does not exist or has not been published in the environment").ServeHTTP(w, r)
}

// routeSMS finds the operation of SMS that r asks for.
func (s *Server) routeSMS(r *http.Request) operation {
	path, inside := strings.CutPrefix(r.URL.EscapedPath(), s.options.basePath)
	segments := strings.Split(path, "/")
	switch {
	case !inside, r.Method != http.MethodGet:
		return operation{serve: notFound}
	case path == "/" || path == "":
		return operation{serve: showVersions}
	case len(segments) != 5 || segments[0] != "" || segments[1] != "v3" || segments[2] != "tasks":
		return operation{serve: notFound}
	}
	taskID, err := url.PathUnescape(segments[3])
	if err != nil {
		return operation{serve: notFound}
	}
	switch segments[4] {
	case "certkey":
		return operation{ShowCertKey, taskID, s.forTask(taskID, ActionGetCert, s.showCertKey)}
	case "passphrase":
		return operation{ShowPassphrase, taskID, s.forTask(taskID, ActionGetTaskPassphrase, s.showPassphrase)}
	default:
		return operation{serve: notFound}
	}
}

func showVersions(w http.ResponseWriter, _ *http.Request) {
	type version struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	respond(w, http.StatusOK, map[string][]version{"versions": {{"v3", "SUPPORTED"}}})
}

// forTask is everything that comes before an operation's own work: who asks, may
// they, and is there such a task.
func (s *Server) forTask(id, action string, serve func(http.ResponseWriter, *http.Request, task)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if refused := s.authenticate(r); refused != nil {
			refused.ServeHTTP(w, r)
			return
		}
		if refused := s.checkMediaType(r); refused != nil {
			refused.ServeHTTP(w, r)
			return
		}
		if refused := s.authorize(action, id); refused != nil {
			refused.ServeHTTP(w, r)
			return
		}
		if id == "" || len(id) > maxTaskID {
			serviceError(http.StatusBadRequest, "SMS.9001", "Invalid parameters.").ServeHTTP(w, r)
			return
		}
		serve(w, r, s.task(id))
	}
}

// checkMediaType is the gateway's check that some requests met in practice.
func (s *Server) checkMediaType(r *http.Request) *refusal {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case !s.options.requireContentType, strings.EqualFold(strings.TrimSpace(mediaType), "application/json"):
		return nil
	case mediaType == "":
		return serviceError(http.StatusUnauthorized, "SMS.2005", "The Content-Type is missing.")
	default:
		return serviceError(http.StatusUnauthorized, "SMS.2006", "The Content-Type must be application/json.")
	}
}

func unknownTask(w http.ResponseWriter, r *http.Request) {
	serviceError(http.StatusNotFound, "SMS.2252", "The migration task does not exist.").ServeHTTP(w, r)
}

func (s *Server) showCertKey(w http.ResponseWriter, r *http.Request, t task) {
	if t.certKey == nil {
		unknownTask(w, r)
		return
	}
	c := t.certKey
	answer := wire.CertKey{
		CA: c.CA, Cert: c.Cert, PrivateKey: c.PrivateKey.Reveal(),
		TargetMgmtCert: c.TargetMgmtCert, TargetMgmtPrivateKey: c.TargetMgmtPrivateKey.Reveal(),
		TargetDataCert: c.TargetDataCert, TargetDataPrivateKey: c.TargetDataPrivateKey.Reveal(),
	}
	switch r.URL.Query().Get("enable_ca_cert") {
	case "", "true":
	case "false":
		answer.CA = ""
	default:
		serviceError(http.StatusBadRequest, "SMS.9001", "Invalid parameters.").ServeHTTP(w, r)
		return
	}
	respond(w, http.StatusOK, answer)
}

func (s *Server) showPassphrase(w http.ResponseWriter, r *http.Request, t task) {
	if t.passphrase == nil {
		unknownTask(w, r)
		return
	}
	respond(w, http.StatusOK, wire.Passphrase{TaskID: t.passphrase.TaskID, Passphrase: t.passphrase.Passphrase.Reveal()})
}
