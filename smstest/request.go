package smstest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is one request that arrived, without its credentials.
type Request struct {
	// Time is when it arrived, by the server's clock.
	Time time.Time
	// Service is where it arrived.
	Service Service
	// Operation is "ShowCertKey" or another of the constants, "" for a
	// path that is not part of the API.
	Operation string
	// TaskID is the task that it names, decoded.
	TaskID string
	// Target is the request line's target as it was on the wire, path and query.
	Target string
	// Method and Path are as they were on the wire; Path is without the base path.
	Method, Path string
	Query        url.Values
	// Proto is "HTTP/2.0" or "HTTP/1.1".
	Proto string
	// Header holds the headers; the values of credentials are "[REDACTED]".
	Header http.Header
	// Auth is the kind of its credentials, be they right or wrong.
	Auth AuthKind
	// SignedHeaders are the names that a signature covers, nil without one.
	SignedHeaders []string
	// StatusCode is what the server answered, 0 where it has not (yet).
	StatusCode int
}

// AuthKind is how a request was authenticated.
type AuthKind string

// The kinds of authentication.
const (
	AuthNone      AuthKind = ""
	AuthToken     AuthKind = "token"     // X-Auth-Token, or a metadata token
	AuthSignature AuthKind = "signature" // SDK-HMAC-SHA256
	AuthOther     AuthKind = "other"     // an Authorization header of another kind
)

// Requests returns what has arrived so far at all services, in order,
// credentials left out. A server keeps everything until ForgetRequests.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, len(s.requests))
	for i, r := range s.requests {
		all[i] = *r
		all[i].Header = r.Header.Clone()
		all[i].Query = url.Values(http.Header(r.Query).Clone())
		all[i].SignedHeaders = slices.Clone(r.SignedHeaders)
	}
	return all
}

// RequestsFor returns the requests for one operation, such as "ShowCertKey".
func (s *Server) RequestsFor(operation string) []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return r.Operation != operation })
}

// ForgetRequests empties the list that Requests returns.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// record notes r when it arrives, and the status when it is answered.
func (s *Server) record(w http.ResponseWriter, r *http.Request, service Service, op operation) http.ResponseWriter {
	seen := &Request{
		Service: service, Operation: op.name, TaskID: op.taskID,
		Method: r.Method, Target: r.RequestURI, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Proto: r.Proto, Header: redacted(r.Header),
	}
	if service == SMS {
		seen.Path = strings.TrimPrefix(seen.Path, s.options.basePath)
	}
	seen.Auth, seen.SignedHeaders = authKind(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	seen.Time = s.nowLocked()
	s.requests = append(s.requests, seen)
	return &recorder{ResponseWriter: w, server: s, seen: seen}
}

// recorder writes the status of an answer down.
type recorder struct {
	http.ResponseWriter
	server *Server
	seen   *Request
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	r.server.mu.Lock()
	r.seen.StatusCode = status
	r.server.mu.Unlock()
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(body []byte) (int, error) {
	if r.seen.StatusCode == 0 { // only the handler's goroutine writes it
		r.WriteHeader(http.StatusOK)
	}
	return r.ResponseWriter.Write(body)
}

func redacted(header http.Header) http.Header {
	header = header.Clone()
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie",
		headerAuthToken, headerSecurityToken, headerSubjectToken, headerMetadataToken,
	} {
		if header.Get(name) != "" {
			header.Set(name, "[REDACTED]")
		}
	}
	return header
}

func authKind(r *http.Request) (AuthKind, []string) {
	authorization := r.Header.Get("Authorization")
	switch {
	case r.Header.Get(headerAuthToken) != "", r.Header.Get(headerMetadataToken) != "":
		return AuthToken, nil
	case authorization == "":
		return AuthNone, nil
	}
	if a, ok := parseAuthorization(authorization); ok {
		return AuthSignature, a.signedHeaders
	}
	return AuthOther, nil
}
