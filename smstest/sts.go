package smstest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// ActionDecode is the permission that decoding a 403's authorization message
// needs, for Deny.
const ActionDecode = "sts::decodeAuthorizationMessage"

// maxEncodedMessage is what STS accepts, less than what SMS may send.
const maxEncodedMessage = 10240

// decodeAuthorizationMessage serves POST /v5/decode-authorization-message. Which
// codes STS refuses with is not documented: only the shape is as it should be.
func (s *Server) decodeAuthorizationMessage(w http.ResponseWriter, r *http.Request) {
	a, signed := parseAuthorization(r.Header.Get("Authorization"))
	if !signed {
		badCredentials("a signature is wanted").ServeHTTP(w, r)
		return
	}
	if refused := s.checkSignature(r, a); refused != nil {
		refused.ServeHTTP(w, r)
		return
	}
	if s.isDenied(ActionDecode) {
		serviceError(http.StatusForbidden, "STS.0403", "No permission to perform action "+ActionDecode+".").ServeHTTP(w, r)
		return
	}
	var request struct {
		Message string `json:"encoded_message"`
	}
	body, err := readBody(r)
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	reason, ok := s.decodeReason(request.Message)
	if err != nil || len(request.Message) > maxEncodedMessage || !ok {
		serviceError(http.StatusBadRequest, "STS.0400", "The encoded message is invalid.").ServeHTTP(w, r)
		return
	}
	respond(w, http.StatusOK, map[string]string{"decoded_message": reason})
}

// decodeReason is the inverse of encodeReason.
func (s *Server) decodeReason(message string) (string, bool) {
	sealed, err := base64.StdEncoding.DecodeString(message)
	size := s.sealer.NonceSize()
	if err != nil || len(sealed) < size {
		return "", false
	}
	reason, err := s.sealer.Open(nil, sealed[:size], sealed[size:], nil)
	return string(reason), err == nil
}
