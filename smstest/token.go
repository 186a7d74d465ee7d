package smstest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"
)

// issuedToken is a token that the service knows.
type issuedToken struct {
	issued, expires time.Time
	methods         []string
	user            named
	domain          *named // one of these two is its scope
	project         *named
}

// Token returns an IAM user token that is valid now: the same one until it has
// expired or was revoked.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[s.token]; t == nil || !s.nowLocked().Before(t.expires) {
		s.token, _ = s.issueTokenLocked(issuedToken{})
	}
	return s.token
}

// RevokeTokens makes all tokens that were issued so far invalid, as IAM does when
// a password is changed.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetTokenLifetime sets for how long the tokens that are issued from now on are
// good: 24 hours at first. A lifetime that is not positive issues tokens that have expired.
func (s *Server) SetTokenLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.tokenLifetime = d
}

// issueTokenLocked makes t, without its times, a token.
func (s *Server) issueTokenLocked(t issuedToken) (string, issuedToken) {
	t.issued = s.nowLocked()
	t.expires = t.issued.Add(s.options.tokenLifetime)
	length := max(s.options.tokenLength, 32)
	token := ("MII" + base64.StdEncoding.EncodeToString(randomBytes(length)))[:length]
	s.tokens[token] = &t
	return token, t
}

// createToken serves POST /v3/auth/tokens.
func (s *Server) createToken(w http.ResponseWriter, r *http.Request) {
	request, ok := readAuthRequest(w, r)
	if !ok {
		return
	}
	methods := request.Auth.Identity.Methods
	var granted issuedToken
	var refused string
	switch {
	case slices.Contains(methods, "password"):
		granted, refused = s.byPassword(request)
	case slices.Contains(methods, "assume_role"):
		granted, refused = s.byAgency(r, request)
	default:
		refuseIAM(w, http.StatusBadRequest, "The request body is invalid")
		return
	}
	if refused != "" {
		refuseIAM(w, http.StatusUnauthorized, refused)
		return
	}
	granted.methods = methods
	if scope := request.Auth.Scope; scope.Project != nil {
		granted.domain, granted.project = nil, scope.Project
	}
	s.sendToken(w, granted)
}

// byPassword returns the user's token, or why there is none.
func (s *Server) byPassword(request authRequest) (granted issuedToken, refused string) {
	given := request.Auth.Identity.Password.User
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.users[given.ID]
	for _, u := range s.users {
		if given.ID == "" && u.name == given.Name && u.domain == given.Domain.Name {
			known = u
		}
	}
	if known == nil || !sameText(known.password, given.Password) {
		return issuedToken{}, "The username or password is wrong."
	}
	if factor := request.Auth.Identity.TOTP.User; known.passcode != "" {
		asked := slices.Contains(request.Auth.Identity.Methods, "totp")
		if !asked || factor.ID != known.id || !sameText(factor.Passcode, known.passcode) {
			return issuedToken{}, "The verification code is missing or wrong."
		}
	}
	domain := &named{ID: s.domainIDLocked(known.domain), Name: known.domain}
	if scope := request.Auth.Scope.Domain; scope != nil && scope.ID != domain.ID && scope.Name != domain.Name {
		return issuedToken{}, "The user has no role in the domain."
	}
	return issuedToken{user: named{ID: known.id, Name: known.name, Domain: domain}, domain: domain}, ""
}

// byAgency returns a token of the account that the agency stands for.
func (s *Server) byAgency(r *http.Request, request authRequest) (granted issuedToken, refused string) {
	if s.checkToken(r.Header.Get(headerAuthToken)) != nil {
		return issuedToken{}, "The token in X-Auth-Token is not valid."
	}
	role := request.Auth.Identity.AssumeRole
	s.mu.Lock()
	defer s.mu.Unlock()
	domain := &named{ID: role.DomainID, Name: role.Domain}
	if domain.ID == "" {
		domain.ID = s.domainIDs[role.Domain]
	}
	if domain.Name == "" {
		domain.Name = s.domainNameLocked(role.DomainID)
	}
	if !s.agencies[[2]string{domain.ID, role.Agency}] {
		return issuedToken{}, "There is no such agency, or it does not trust the caller."
	}
	return issuedToken{user: named{ID: domain.ID, Name: domain.Name + "/" + role.Agency, Domain: domain}, domain: domain}, ""
}

// exchangeIDToken serves POST /v3.0/OS-AUTH/id-token/tokens.
func (s *Server) exchangeIDToken(w http.ResponseWriter, r *http.Request) {
	request, ok := readAuthRequest(w, r)
	if !ok {
		return
	}
	provider := r.Header.Get("X-Idp-Id")
	s.mu.Lock()
	known := s.idTokens[[2]string{provider, request.Auth.IDToken.ID}]
	domain := &named{ID: s.options.key.DomainID, Name: DomainName}
	s.mu.Unlock()
	if !known {
		refuseIAM(w, http.StatusUnauthorized, "The ID token is not valid.")
		return
	}
	granted := issuedToken{methods: []string{"mapped"}, user: named{ID: newID(), Name: "FederationUser", Domain: domain}, domain: domain}
	if project := request.Auth.Scope.Project; project != nil {
		granted.domain, granted.project = nil, project
	}
	s.sendToken(w, granted)
}

// sendToken issues a token and answers with it.
func (s *Server) sendToken(w http.ResponseWriter, granted issuedToken) {
	s.mu.Lock()
	token, issued := s.issueTokenLocked(granted)
	s.mu.Unlock()
	type body struct {
		Catalog   []string `json:"catalog"`
		Roles     []named  `json:"roles"`
		Methods   []string `json:"methods"`
		IssuedAt  string   `json:"issued_at"`
		ExpiresAt string   `json:"expires_at"`
		Domain    *named   `json:"domain,omitempty"`
		Project   *named   `json:"project,omitempty"`
		User      named    `json:"user"`
	}
	w.Header().Set(headerSubjectToken, token)
	respond(w, http.StatusCreated, map[string]body{"token": {
		Catalog: []string{}, Roles: []named{}, Methods: issued.methods,
		IssuedAt: iamTime(issued.issued), ExpiresAt: iamTime(issued.expires),
		Domain: issued.domain, Project: issued.project, User: issued.user,
	}})
}
