package smstest

import (
	"crypto/subtle"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/huaweicloud/sms/internal/sdkhmac"
)

// maxSkew is how far X-Sdk-Date may be off: the gateway's limit.
const maxSkew = 15 * time.Minute

// authenticate checks a request as the gateway does and returns nil or its 401.
func (s *Server) authenticate(r *http.Request) *refusal {
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		return s.checkToken(token)
	}
	signature, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return unauthorized("Incorrect IAM authentication information: no X-Auth-Token and no valid Authorization")
	}
	return s.checkSignature(r, signature)
}

func (s *Server) checkToken(token string) *refusal {
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 {
		return unauthorized("Incorrect IAM authentication information: decrypt token fail")
	}
	return nil
}

func unauthorized(message string) *refusal {
	return gatewayRefusal(http.StatusUnauthorized, "APIGW.0301", message)
}

// signature is what an Authorization header holds.
type signature struct {
	accessKey, value string
	signedHeaders    []string
}

// parseAuthorization reads "SDK-HMAC-SHA256 Access=..., SignedHeaders=a;b, Signature=...".
func parseAuthorization(header string) (signature, bool) {
	rest, ok := strings.CutPrefix(header, sdkhmac.Algorithm+" ")
	if !ok {
		return signature{}, false
	}
	var parsed signature
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Access":
			parsed.accessKey = value
		case "SignedHeaders":
			parsed.signedHeaders = strings.Split(value, ";")
		case "Signature":
			parsed.value = value
		}
	}
	return parsed, parsed.accessKey != "" && parsed.value != ""
}

// checkSignature signs the request anew, over the headers that the client chose,
// and compares.
func (s *Server) checkSignature(r *http.Request, got signature) *refusal {
	if got.accessKey != s.accessKey.ID {
		return unauthorized("Incorrect IAM authentication information: ak " + got.accessKey + " not exist")
	}
	date := r.Header.Get(sdkhmac.DateHeader)
	signedAt, err := time.Parse(sdkhmac.DateFormat, date)
	if err != nil || !slices.Contains(got.signedHeaders, "x-sdk-date") {
		return unauthorized("Incorrect IAM authentication information: x-sdk-date is missing, malformed or not signed")
	}
	if skew := s.now().Sub(signedAt); skew.Abs() > maxSkew {
		return unauthorized("Incorrect IAM authentication information: signature expired")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 12<<20))
	if err != nil {
		return unauthorized("Incorrect IAM authentication information: the body cannot be read")
	}
	want := sdkhmac.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, BodyHash: sdkhmac.HashBody(body),
	}
	for _, name := range got.signedHeaders {
		want.Headers = append(want.Headers, sdkhmac.Header{Name: name, Value: headerValue(r, name)})
	}
	sdkhmac.SortHeaders(want.Headers)
	signed := want.Signature(s.accessKey.Secret.Reveal(), date)
	if subtle.ConstantTimeCompare([]byte(signed), []byte(got.value)) != 1 {
		return unauthorized("Incorrect IAM authentication information: verify aksk signature fail")
	}
	return nil
}

func headerValue(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	return r.Header.Get(name)
}
