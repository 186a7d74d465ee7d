package smstest

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/huaweicloud/sms"
)

// The permissions that the two calls need, for Deny and Allow.
const (
	ActionGetCert           = "sms:server:getCert"
	ActionGetTaskPassphrase = "sms:server:getTaskPassphrase"
)

// Server is the service on a loopback port. It is safe for concurrent use.
type Server struct {
	basePath   string
	now        func() time.Time
	listener   net.Listener
	http       *http.Server
	httpClient *http.Client
	token      string
	accessKey  sms.AccessKey
	keys       *keyRing

	mu       sync.Mutex
	tasks    map[string]task
	denied   map[string]bool
	requests []Request
}

// task is what the service knows of a migration task.
type task struct {
	material   *sms.CertKey
	passphrase *sms.Passphrase
}

// Option changes what NewServer starts.
type Option func(*Server)

// WithBasePath serves the API below path, such as "/proxy/sms", as a gateway in
// front of the service may do.
func WithBasePath(path string) Option {
	return func(s *Server) { s.basePath = "/" + strings.Trim(path, "/") }
}

// WithClock makes the server read the time from now, for tests of clocks that
// differ: it decides whether a signature is too old and fills the Date header.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.now = now }
}

// WithHTTP1 turns HTTP/2 off.
func WithHTTP1() Option {
	return func(s *Server) {
		s.http.Protocols = new(http.Protocols)
		s.http.Protocols.SetHTTP1(true)
	}
}

// NewServer starts a server. Close it when done. Like httptest.NewServer it
// panics where the machine has no loopback port left to listen on.
func NewServer(opts ...Option) *Server {
	s := &Server{
		now:    time.Now,
		http:   &http.Server{ReadHeaderTimeout: time.Minute},
		tasks:  make(map[string]task),
		denied: make(map[string]bool),
		keys:   newKeyRing(),
		token:  "MIIsmstest" + randomHex(64),
		accessKey: sms.AccessKey{
			ID:       "SMSTEST" + strings.ToUpper(randomHex(7)),
			Secret:   sms.NewSecret(randomHex(20)),
			DomainID: randomHex(16),
		},
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.start(); err != nil {
		panic(fmt.Sprintf("smstest: %v", err))
	}
	return s
}

func (s *Server) start() error {
	identity, roots, err := serverIdentity()
	if err != nil {
		return err
	}
	s.listener, err = net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a loopback port is there at once or not at all
	if err != nil {
		return err
	}
	s.http.Handler = s.handler()
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{identity}, MinVersion: tls.VersionTLS12}
	s.http.ErrorLog = discardLog()
	go func() { _ = s.http.ServeTLS(s.listener, "", "") }()
	s.httpClient = newHTTPClient(roots)
	return nil
}

func newHTTPClient(roots *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 1 << 10,
	}}
}

// Close stops the server and closes its connections.
func (s *Server) Close() {
	s.httpClient.CloseIdleConnections()
	_ = s.http.Close()
}

// Endpoint returns the URL to give to sms.NewClient.
func (s *Server) Endpoint() string { return "https://" + s.listener.Addr().String() + s.basePath }

// HTTPClient returns a client that trusts the server's certificate, for
// sms.WithHTTPClient.
func (s *Server) HTTPClient() *http.Client { return s.httpClient }

// Client returns a client of this server that authenticates with Token. The
// options come after the one that makes it trust the server.
func (s *Server) Client(opts ...sms.Option) (*sms.Client, error) {
	opts = append([]sms.Option{sms.WithHTTPClient(s.httpClient)}, opts...)
	return sms.NewClient(s.Endpoint(), sms.StaticToken(s.token), opts...)
}

// Token returns a valid X-Auth-Token.
func (s *Server) Token() string { return s.token }

// AccessKey returns a valid AK/SK pair, with a domain id.
func (s *Server) AccessKey() sms.AccessKey { return s.accessKey }

// AddTask adds a migration task with fresh material and returns what the service
// will answer for it. An empty id makes one up, which Passphrase.TaskID tells; an
// id that is there already gets new material.
func (s *Server) AddTask(id string) (*sms.CertKey, *sms.Passphrase) {
	if id == "" {
		id = newUUID()
	}
	material, err := s.keys.issue(id, s.now())
	if err != nil {
		panic(fmt.Sprintf("smstest: %v", err)) // signing with a sound key and a sound source of randomness does not fail
	}
	added := task{material, &sms.Passphrase{TaskID: id, Passphrase: sms.NewSecret(randomHex(16))}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[id] = added
	return added.copy()
}

func (t task) copy() (*sms.CertKey, *sms.Passphrase) {
	material, passphrase := *t.material, *t.passphrase
	return &material, &passphrase
}

// Deny takes a permission away from every caller: ActionGetCert or
// ActionGetTaskPassphrase. A call that needs it is refused with the documented 403.
func (s *Server) Deny(action string) { s.setDenied(action, true) }

// Allow gives a permission back that Deny took.
func (s *Server) Allow(action string) { s.setDenied(action, false) }

func (s *Server) setDenied(action string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[action] = denied
}

// Requests returns what has arrived so far, in order, credentials left out.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// randomHex returns n random bytes in hex.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func newUUID() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
