package smstest

import (
	"bytes"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/internal/sdkhmac"
)

const (
	headerAuthToken     = "X-Auth-Token"
	headerSubjectToken  = "X-Subject-Token"
	headerSecurityToken = "X-Security-Token"
	headerMetadataToken = "X-Metadata-Token"
)

const (
	maxSkew = 15 * time.Minute // between X-Sdk-Date and the gateway's clock
	maxBody = 12 << 20         // of a signed request
)

// authenticate checks the token or the signature of r as the API gateway does. It
// returns nil where they are good.
func (s *Server) authenticate(r *http.Request) *refusal {
	if token := r.Header.Get(headerAuthToken); token != "" {
		return s.checkToken(token)
	}
	a, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return badCredentials("there is neither a token nor a signature")
	}
	return s.checkSignature(r, a)
}

func badCredentials(cause string) *refusal {
	return gatewayError(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+cause)
}

func (s *Server) checkToken(token string) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	issued := s.tokens[token]
	switch {
	case issued == nil:
		return badCredentials("decrypt token fail")
	case !s.nowLocked().Before(issued.expires):
		return gatewayError(http.StatusUnauthorized, "APIGW.0307", "The token must be updated.")
	}
	return nil
}

// authorization is an Authorization header of SDK-HMAC-SHA256.
type authorization struct {
	access        string
	signedHeaders []string
	signature     string
}

func parseAuthorization(value string) (authorization, bool) {
	rest, ok := strings.CutPrefix(value, sdkhmac.Algorithm+" ")
	if !ok {
		return authorization{}, false
	}
	var a authorization
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Access":
			a.access = value
		case "SignedHeaders":
			a.signedHeaders = strings.Split(value, ";")
		case "Signature":
			a.signature = value
		}
	}
	return a, a.access != "" && len(a.signedHeaders) > 0 && a.signature != ""
}

func (s *Server) checkSignature(r *http.Request, a authorization) *refusal {
	body, err := readBody(r)
	if err != nil {
		return gatewayError(http.StatusRequestEntityTooLarge, "APIGW.0201", "Request entity too large")
	}
	key, known := s.accessKey(a.access)
	if !known {
		return badCredentials("Get secretKey failed,ak:" + a.access + ",err:ak not exist")
	}
	date := r.Header.Get(sdkhmac.DateHeader)
	when, err := time.Parse(sdkhmac.DateFormat, date)
	switch now := s.now(); {
	case err != nil:
		return badCredentials("calc ak sk signature fail:" + sdkhmac.DateHeader + " is missing or malformed")
	case now.Sub(when).Abs() > maxSkew:
		return badCredentials("calc ak sk signature fail:signature expired")
	case !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt):
		return badCredentials("the security token has expired")
	case !sameText(r.Header.Get(headerSecurityToken), key.SecurityToken.Reveal()):
		return badCredentials("decrypt security token fail")
	}
	signed, dated := signedRequest(r, a.signedHeaders, body)
	if !dated || !sameText(signed.Signature(key.Secret.Reveal(), date), a.signature) {
		return badCredentials("verify aksk signature fail")
	}
	return nil
}

// signedRequest is what a signature over the named headers must cover. The
// boolean tells whether the date is among them.
func signedRequest(r *http.Request, names []string, body []byte) (sdkhmac.Request, bool) {
	signed := sdkhmac.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, BodyHash: sdkhmac.HashBody(body),
	}
	if r.Header.Get("X-Sdk-Content-Sha256") == "UNSIGNED-PAYLOAD" {
		signed.BodyHash = "UNSIGNED-PAYLOAD"
	}
	dated := false
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		dated = dated || strings.EqualFold(name, sdkhmac.DateHeader)
		signed.Headers = append(signed.Headers, sdkhmac.Header{Name: name, Value: value})
	}
	return signed, dated
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// readBody reads the body and leaves it to be read again.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// accessKey finds a permanent or temporary key.
func (s *Server) accessKey(id string) (sms.AccessKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.accessKeys[id]
	return key, ok
}
