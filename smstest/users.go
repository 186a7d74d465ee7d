package smstest

import (
	"encoding/hex"
	"net/http"
	"slices"
)

// DomainName is the name of the account that AccessKey and Token belong to. Its
// id is AccessKey().DomainID.
const DomainName = "smstest"

type user struct{ id, domain, name, password, passcode string }

// AddUser adds an IAM user with a password to an account, which it makes where
// there is none of that name, and returns the user's id. A user of that name that was there
// gets the new password and keeps the id.
func (s *Server) AddUser(domain, name, password string) (userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domainIDLocked(domain)
	for id, u := range s.users {
		if u.domain == domain && u.name == name {
			u.password = password
			return id
		}
	}
	userID = newID()
	s.users[userID] = &user{id: userID, domain: domain, name: name, password: password}
	return userID
}

// RequireTOTP makes IAM ask the user for a second factor and accept passcode, and
// no other, until it is set anew. "" ends the requirement. An unknown userID is ignored.
func (s *Server) RequireTOTP(userID, passcode string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[userID]; u != nil {
		u.passcode = passcode
	}
}

// AddAgency adds to the account domain, made where there is none of that name, an
// agency that every user may assume.
func (s *Server) AddAgency(domain, agency string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agencies[[2]string{s.domainIDLocked(domain), agency}] = true
}

// AddIDToken makes IAM accept an id token of the identity provider of that id.
func (s *Server) AddIDToken(provider, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idTokens[[2]string{provider, token}] = true
}

// Domain is an account.
type Domain struct{ ID, Name string }

// SetDomains sets the accounts that IAM lists to whoever asks for theirs: without
// it one, the account of AccessKey.
func (s *Server) SetDomains(domains ...Domain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains = slices.Clone(domains)
}

// domainIDLocked returns the id of an account, which it makes where there is none.
func (s *Server) domainIDLocked(name string) string {
	if s.domainIDs[name] == "" {
		s.domainIDs[name] = newID()
	}
	return s.domainIDs[name]
}

// domainNameLocked is the inverse, "" where there is none.
func (s *Server) domainNameLocked(id string) string {
	for name := range s.domainIDs {
		if s.domainIDs[name] == id {
			return name
		}
	}
	return ""
}

// listDomains serves GET /v3/auth/domains.
func (s *Server) listDomains(w http.ResponseWriter, r *http.Request) {
	if refused := s.authenticate(r); refused != nil {
		refused.ServeHTTP(w, r)
		return
	}
	type entry struct {
		ID          string            `json:"id"`
		Name        string            `json:"name"`
		Description string            `json:"description"`
		Enabled     bool              `json:"enabled"`
		Links       map[string]string `json:"links"`
	}
	self := s.IAMEndpoint() + r.URL.Path
	entries := []entry{}
	s.mu.Lock()
	for _, d := range s.domains {
		entries = append(entries, entry{ID: d.ID, Name: d.Name, Enabled: true, Links: map[string]string{"self": self + "/" + d.ID}})
	}
	s.mu.Unlock()
	respond(w, http.StatusOK, map[string]any{
		"domains": entries,
		"links":   map[string]any{"self": self, "next": nil, "previous": nil},
	})
}

// newID returns an id as IAM makes them.
func newID() string { return hex.EncodeToString(randomBytes(16)) }
