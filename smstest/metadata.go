package smstest

import (
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"time"
)

// The operations of the metadata service of an ECS and of the pod identity.
const (
	CreateMetadataToken = "CreateMetadataToken" // PUT /meta-data/latest/api/token
	ShowSecurityKey     = "ShowSecurityKey"     // GET /openstack/latest/securitykey
	ShowPodIdentity     = "ShowPodIdentity"     // POST at PodIdentityEndpoint
)

// MetadataMode is which kind of metadata service is played.
type MetadataMode int

const (
	// MetadataV2 wants a token of its own, as a hardened ECS does.
	MetadataV2 MetadataMode = iota
	// MetadataV1 knows no tokens: asked for one it answers 404.
	MetadataV1
	// MetadataNoAgency is MetadataV2 on an ECS that has no agency, and so no keys.
	MetadataNoAgency
)

const (
	podIdentityPath = "/v1/credentials"
	metadataTTL     = "X-Metadata-Token-Ttl-Seconds"
	maxMetadataTTL  = 21600
)

// MetadataEndpoint returns the URL, http on loopback, of an ECS's metadata
// service, for sms.WithMetadataEndpoint. Each request for keys issues new ones.
func (s *Server) MetadataEndpoint() string { return s.endpoints[Metadata].url }

// SetMetadataMode changes the metadata service: MetadataV2 at first. It panics for
// what is no mode.
func (s *Server) SetMetadataMode(mode MetadataMode) {
	checkKind("SetMetadataMode", mode, MetadataNoAgency)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadataMode = mode
}

// PodIdentityEndpoint returns the URL, http on loopback, that a pod asks for
// temporary keys: what HC_CONTAINER_CREDENTIALS_FULL_URI holds there.
func (s *Server) PodIdentityEndpoint() string { return s.endpoints[Metadata].url + podIdentityPath }

// PodToken returns what a pod has to send as Authorization: the content of the
// file that HC_CONTAINER_AUTHORIZATION_TOKEN_FILE names there.
func (s *Server) PodToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.podToken
}

// RotatePodToken replaces the token and returns the new one; the old one is refused.
func (s *Server) RotatePodToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.podToken = base64.RawURLEncoding.EncodeToString(randomBytes(48))
	return s.podToken
}

func (s *Server) routeMetadata(r *http.Request) operation {
	switch r.Method + " " + r.URL.EscapedPath() {
	case "PUT /meta-data/latest/api/token":
		return operation{name: CreateMetadataToken, serve: s.createMetadataToken}
	case "GET /openstack/latest/securitykey":
		return operation{name: ShowSecurityKey, serve: s.showSecurityKey}
	case "POST " + podIdentityPath:
		return operation{name: ShowPodIdentity, serve: s.showPodIdentity}
	default:
		return operation{serve: http.NotFound}
	}
}

func (s *Server) createMetadataToken(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.Header.Get(metadataTTL))
	switch {
	case s.isMetadataMode(MetadataV1):
		http.NotFound(w, r)
	case err != nil || seconds < 1 || seconds > maxMetadataTTL:
		http.Error(w, metadataTTL+" must be 1 to 21600", http.StatusBadRequest)
	default:
		token := s.issueMetadataToken(time.Duration(seconds) * time.Second)
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, token)
	}
}

func (s *Server) issueMetadataToken(lifetime time.Duration) string {
	token := base64.URLEncoding.EncodeToString(randomBytes(40))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.metadataTokens[token] = s.nowLocked().Add(lifetime)
	return token
}

func (s *Server) isMetadataMode(mode MetadataMode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metadataMode == mode
}

func (s *Server) showSecurityKey(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	expires, known := s.metadataTokens[r.Header.Get(headerMetadataToken)]
	valid := known && s.nowLocked().Before(expires)
	s.mu.Unlock()
	switch {
	case !valid && !s.isMetadataMode(MetadataV1):
		http.Error(w, "401 Unauthorized: the metadata token is missing or not valid", http.StatusUnauthorized)
	case s.isMetadataMode(MetadataNoAgency):
		http.Error(w, "Please configure Cloud Service Agency first", http.StatusUnauthorized)
	default:
		respond(w, http.StatusOK, map[string]credential{"credential": credentialOf(s.NewTemporaryKey())})
	}
}

func (s *Server) showPodIdentity(w http.ResponseWriter, r *http.Request) {
	if !sameText(r.Header.Get("Authorization"), s.PodToken()) {
		badCredentials("the pod's token is not valid").ServeHTTP(w, r)
		return
	}
	respond(w, http.StatusOK, map[string]credential{"credentials": credentialOf(s.NewTemporaryKey())})
}
