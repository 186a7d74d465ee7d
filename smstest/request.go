package smstest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is one request that arrived, without its credentials.
type Request struct {
	// Time is when it arrived, by the server's clock.
	Time time.Time
	// Operation is "ShowCertKey", "ShowPassphrase", or "" for a path that is neither.
	Operation string
	// TaskID is the task that it names.
	TaskID string
	// Method, Path and Query are as they were on the wire; Path without the base path.
	Method, Path string
	Query        url.Values
	// Header holds the headers; the values of credentials are "[REDACTED]".
	Header http.Header
	// SignedHeaders are the names that a signature covers, nil without one.
	SignedHeaders []string
	// StatusCode is what the server answered.
	StatusCode int
}

// credentialHeaders lists the headers whose values are left out.
func credentialHeaders() []string {
	return []string{"Authorization", "X-Auth-Token", "X-Security-Token", "Cookie"}
}

func (s *Server) describe(r *http.Request) Request {
	path := strings.TrimPrefix(r.URL.EscapedPath(), s.basePath)
	operation, taskID := route(path)
	seen := Request{
		Time: s.now(), Operation: operation, TaskID: taskID,
		Method: r.Method, Path: path, Query: r.URL.Query(), Header: r.Header.Clone(),
	}
	if signature, ok := parseAuthorization(r.Header.Get("Authorization")); ok {
		seen.SignedHeaders = signature.signedHeaders
	}
	for _, name := range credentialHeaders() {
		if seen.Header.Get(name) != "" {
			seen.Header.Set(name, "[REDACTED]")
		}
	}
	return seen
}

// route returns the operation and the task that a path below the base path names.
func route(path string) (operation, taskID string) {
	rest, ok := strings.CutPrefix(path, "/v3/tasks/")
	if !ok {
		return "", ""
	}
	taskID, resource, _ := strings.Cut(rest, "/")
	switch resource {
	case "certkey":
		return "ShowCertKey", taskID
	case "passphrase":
		return "ShowPassphrase", taskID
	default:
		return "", ""
	}
}
