package smstest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"example.com/huaweicloud/sms/internal/wire"
)

// Deny makes the service refuse action to everyone, with 403 and SMS.9004, until
// Allow. The actions are ActionGetCert and ActionGetTaskPassphrase: one may be denied and the
// other not. ActionDecode is one of STS. It panics for what is no action.
func (s *Server) Deny(action string) {
	checkAction(action)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[action] = true
}

// Allow takes a Deny back. It panics for what is no action.
func (s *Server) Allow(action string) {
	checkAction(action)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.denied, action)
}

func (s *Server) isDenied(action string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied[action]
}

func (s *Server) authorize(action, taskID string) *refusal {
	if !s.isDenied(action) {
		return nil
	}
	resource := "sms::" + s.options.key.DomainID + ":server:" + taskID
	cause := "You do not have permission to perform action " + action + " on resource " + resource + "."
	policy := "The current account does not have the permission to execute policy"
	if action == ActionGetCert { // the two API pages differ by this full stop
		policy += "."
	}
	return &refusal{status: http.StatusForbidden, body: wire.Error{
		Code:                        "SMS.9004",
		Message:                     policy + " " + cause,
		EncodedAuthorizationMessage: s.encodeReason(action, resource),
		ErrorParam:                  []string{cause},
		Details:                     []wire.Detail{{Code: "SMS.9004", Message: cause}},
	}}
}

// encodeReason hides why a request was refused as the service does; STS decodes it.
func (s *Server) encodeReason(action, resource string) string {
	reason := must(json.Marshal(map[string]any{
		"allowed":      false,
		"explicitDeny": false,
		"failure":      "implicit deny by identity-based policy",
		"context": map[string]any{
			"action":       action,
			"resource":     resource,
			"user_profile": map[string]string{"domain_id": s.options.key.DomainID},
		},
	}))
	nonce := randomBytes(s.sealer.NonceSize())
	return base64.StdEncoding.EncodeToString(s.sealer.Seal(nonce, nonce, reason, nil))
}
