package smstest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"example.com/huaweicloud/sms"
)

// The operations of IAM and STS, as they stand in Request.Operation.
const (
	CreateToken                = "CreateToken"                // POST /v3/auth/tokens
	CreateTokenByAgency        = "CreateTokenByAgency"        // the same, for an agency
	ListDomains                = "ListDomains"                // GET /v3/auth/domains
	CreateTemporaryKey         = "CreateTemporaryKey"         // POST /v3.0/OS-CREDENTIAL/securitytokens
	ExchangeIDToken            = "ExchangeIDToken"            // POST /v3.0/OS-AUTH/id-token/tokens
	DecodeAuthorizationMessage = "DecodeAuthorizationMessage" // POST /v5/decode-authorization-message
)

// IAMEndpoint returns the URL of IAM, for sms.WithIAMEndpoint. It is HTTPS with
// the same CA as Endpoint.
func (s *Server) IAMEndpoint() string { return s.endpoints[IAM].url }

// SignerOptions makes a signer, such as sms.PasswordToken, talk to IAM here.
func (s *Server) SignerOptions() []sms.SignerOption {
	return []sms.SignerOption{sms.WithIAMEndpoint(s.IAMEndpoint()), sms.WithIAMHTTPClient(s.client)}
}

// STSEndpoint returns the URL of STS, which decodes the authorization messages of
// a 403.
func (s *Server) STSEndpoint() string { return s.endpoints[IAM].url }

func (s *Server) routeIAM(r *http.Request) operation {
	switch r.Method + " " + r.URL.EscapedPath() {
	case "POST /v3/auth/tokens":
		if asksForAgency(r) {
			return operation{name: CreateTokenByAgency, serve: s.createToken}
		}
		return operation{name: CreateToken, serve: s.createToken}
	case "GET /v3/auth/domains":
		return operation{name: ListDomains, serve: s.listDomains}
	case "POST /v3.0/OS-CREDENTIAL/securitytokens":
		return operation{name: CreateTemporaryKey, serve: s.createTemporaryKey}
	case "POST /v3.0/OS-AUTH/id-token/tokens":
		return operation{name: ExchangeIDToken, serve: s.exchangeIDToken}
	case "POST /v5/decode-authorization-message":
		return operation{name: DecodeAuthorizationMessage, serve: s.decodeAuthorizationMessage}
	default:
		return operation{serve: notFound}
	}
}

// authRequest is the body of everything that asks IAM for credentials.
type authRequest struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					ID       string `json:"id"`
					Name     string `json:"name"`
					Password string `json:"password"`
					Domain   named  `json:"domain"`
				} `json:"user"`
			} `json:"password"`
			TOTP struct {
				User struct {
					ID       string `json:"id"`
					Passcode string `json:"passcode"`
				} `json:"user"`
			} `json:"totp"`
			AssumeRole struct {
				Agency   string `json:"agency_name"`
				Domain   string `json:"domain_name"`
				DomainID string `json:"domain_id"`
				Duration *int   `json:"duration_seconds"`
			} `json:"assume_role"`
			Token struct {
				ID       string `json:"id"`
				Duration *int   `json:"duration_seconds"`
			} `json:"token"`
		} `json:"identity"`
		IDToken struct {
			ID string `json:"id"`
		} `json:"id_token"`
		Scope struct {
			Domain  *named `json:"domain"`
			Project *named `json:"project"`
		} `json:"scope"`
	} `json:"auth"`
}

// named is how IAM writes domains, projects and users.
type named struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Domain *named `json:"domain,omitempty"`
}

// readAuthRequest reads the body. Where it cannot be read, it has been refused.
func readAuthRequest(w http.ResponseWriter, r *http.Request) (authRequest, bool) {
	request, err := parseAuthRequest(r)
	if err != nil {
		refuseIAM(w, http.StatusBadRequest, "The request body is invalid")
	}
	return request, err == nil
}

func parseAuthRequest(r *http.Request) (request authRequest, err error) {
	body, err := readBody(r)
	if err != nil {
		return authRequest{}, err
	}
	err = json.Unmarshal(body, &request)
	return request, err
}

// asksForAgency tells CreateTokenByAgency from CreateToken, which have one address.
func asksForAgency(r *http.Request) bool {
	request, err := parseAuthRequest(r)
	return err == nil && slices.Contains(request.Auth.Identity.Methods, "assume_role")
}

// refuseIAM answers as IAM does, where the code is a number.
func refuseIAM(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]any{
		"error": map[string]any{"code": status, "message": message, "title": http.StatusText(status)},
	})
}

// iamTime is how IAM writes a time.
func iamTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
