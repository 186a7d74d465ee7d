package smstest

import (
	"encoding/base64"
	"time"
)

// issuedToken is a token that the service knows.
type issuedToken struct {
	issued, expires time.Time
	domain, user    string
	project         string
}

// Token returns an IAM user token that is valid now: the same one until it has
// expired or was revoked.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[s.token]; t == nil || !s.nowLocked().Before(t.expires) {
		s.token = s.issueTokenLocked(issuedToken{})
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

// issueTokenLocked makes t, without its times, a token.
func (s *Server) issueTokenLocked(t issuedToken) string {
	t.issued = s.nowLocked()
	t.expires = t.issued.Add(s.options.tokenLifetime)
	length := max(s.options.tokenLength, 32)
	token := ("MII" + base64.StdEncoding.EncodeToString(randomBytes(length)))[:length]
	s.tokens[token] = &t
	return token
}
