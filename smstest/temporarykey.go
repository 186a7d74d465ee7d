package smstest

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/huaweicloud/sms"
)

// The bounds that IAM sets to the life of temporary keys that are asked for.
const (
	minKeySeconds = 900
	maxKeySeconds = 86400
)

// NewTemporaryKey returns an AK/SK with a security token that the service knows
// until it expires: see SetKeyLifetime.
func (s *Server) NewTemporaryKey() sms.AccessKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issueKeyLocked(s.options.keyLifetime)
}

// RevokeKeys makes all temporary keys that were issued so far invalid.
func (s *Server) RevokeKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.accessKeys, func(_ string, key sms.AccessKey) bool { return !key.SecurityToken.IsZero() })
}

// SetKeyLifetime sets for how long the temporary keys are good that
// NewTemporaryKey, the metadata service and the pod identity issue from now on: an hour at first.
// A lifetime that is not positive issues keys that have expired.
func (s *Server) SetKeyLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.keyLifetime = d
}

func (s *Server) issueKeyLocked(lifetime time.Duration) sms.AccessKey {
	key := newAccessKey(s.options.key.DomainID)
	key.SecurityToken = sms.NewSecret(base64.StdEncoding.EncodeToString(randomBytes(300)))
	key.ExpiresAt = s.nowLocked().Add(lifetime)
	s.accessKeys[key.ID] = key
	return key
}

func newAccessKey(domainID string) sms.AccessKey {
	return sms.AccessKey{
		ID:       "SMSTEST" + strings.ToUpper(hex.EncodeToString(randomBytes(7)))[:13],
		Secret:   sms.NewSecret(hex.EncodeToString(randomBytes(20))),
		DomainID: domainID,
	}
}

// credential is a temporary key as IAM and the metadata service write it.
type credential struct {
	Access        string `json:"access"`
	Secret        string `json:"secret"`
	SecurityToken string `json:"securitytoken"`
	ExpiresAt     string `json:"expires_at"`
}

func credentialOf(key sms.AccessKey) credential {
	return credential{key.ID, key.Secret.Reveal(), key.SecurityToken.Reveal(), iamTime(key.ExpiresAt)}
}

// createTemporaryKey serves POST /v3.0/OS-CREDENTIAL/securitytokens.
func (s *Server) createTemporaryKey(w http.ResponseWriter, r *http.Request) {
	request, ok := readAuthRequest(w, r)
	if !ok {
		return
	}
	identity := request.Auth.Identity
	seconds := minKeySeconds
	refused := ""
	switch {
	case slices.Contains(identity.Methods, "assume_role"):
		_, refused = s.byAgency(r, request)
		seconds = valueOr(identity.AssumeRole.Duration, seconds)
	case slices.Contains(identity.Methods, "token"):
		token := identity.Token.ID
		if token == "" {
			token = r.Header.Get(headerAuthToken)
		}
		if s.checkToken(token) != nil {
			refused = "The token is not valid."
		}
		seconds = valueOr(identity.Token.Duration, seconds)
	default:
		seconds = 0
	}
	switch {
	case seconds < minKeySeconds || seconds > maxKeySeconds:
		refuseIAM(w, http.StatusBadRequest, "The request body is invalid")
	case refused != "":
		refuseIAM(w, http.StatusUnauthorized, refused)
	default:
		s.mu.Lock()
		key := s.issueKeyLocked(time.Duration(seconds) * time.Second)
		s.mu.Unlock()
		respond(w, http.StatusCreated, map[string]credential{"credential": credentialOf(key)})
	}
}

func valueOr(value *int, otherwise int) int {
	if value == nil {
		return otherwise
	}
	return *value
}
