package smstest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"example.com/huaweicloud/sms"
)

// Service is one of the services that a Server plays. Each has a port of its own.
type Service string

// The services.
const (
	SMS      Service = "SMS"
	IAM      Service = "IAM"      // and STS
	Metadata Service = "metadata" // and pod identity
)

// Server is the fake service. Make one with NewServer and Close it. All methods
// are safe for concurrent use.
type Server struct {
	options   options
	keys      keyring
	authority *authority // of the server's own certificate
	sealer    cipher.AEAD
	client    *http.Client
	endpoints map[Service]*endpoint
	stop      context.CancelFunc
	running   sync.WaitGroup

	mu         sync.Mutex
	closed     bool
	tasks      map[string]task
	requests   []*Request
	denied     map[string]bool
	tokens     map[string]*issuedToken
	token      string // what Token returned last
	accessKeys map[string]sms.AccessKey
	offset     time.Duration
	plans      map[string]plan // by operation
	connFaults map[Service][]ConnFault
	tlsDefect  TLSDefect

	users          map[string]*user     // by id
	domainIDs      map[string]string    // by name
	domains        []Domain             // what ListDomains answers
	agencies       map[[2]string]bool   // by id of the domain and name
	idTokens       map[[2]string]bool   // by id of the provider and token
	metadataTokens map[string]time.Time // when they expire
	metadataMode   MetadataMode
	podToken       string
}

// NewServer starts the service on free ports of the loopback interface, HTTPS
// with HTTP/2 and a certificate of the server's own CA. Its access key, its tokens and its
// tasks are known to no other server. Like net/http/httptest.NewServer it panics
// where the machine cannot give it a port, and for a nil option.
func NewServer(opts ...Option) *Server {
	s := &Server{
		options: defaults(),
		sealer:  must(cipher.NewGCM(must(aes.NewCipher(randomBytes(32))))),
		tasks:   map[string]task{},
		denied:  map[string]bool{},
		tokens:  map[string]*issuedToken{},

		plans:      map[string]plan{},
		connFaults: map[Service][]ConnFault{},

		users:          map[string]*user{},
		agencies:       map[[2]string]bool{},
		idTokens:       map[[2]string]bool{},
		metadataTokens: map[string]time.Time{},
	}
	for _, opt := range opts {
		checkFunc("NewServer", opt == nil)
		opt(&s.options)
	}
	key := s.options.key
	s.accessKeys = map[string]sms.AccessKey{key.ID: key}
	s.domainIDs = map[string]string{DomainName: key.DomainID}
	s.domains = []Domain{{key.DomainID, DomainName}}
	s.RotatePodToken()
	now := time.Now()
	s.authority = newAuthority("smstest CA", now.Add(-validBefore), now.Add(validAfter))
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.endpoints = map[Service]*endpoint{
		SMS:      s.listen(ctx, SMS, s.routeSMS),
		IAM:      s.listen(ctx, IAM, s.routeIAM),
		Metadata: s.listen(ctx, Metadata, s.routeMetadata),
	}
	s.client = s.newHTTPClient()
	return s
}

// Close stops the server: connections are closed, requests that hang are let go,
// idle connections of HTTPClient too. It waits until all of its goroutines have ended. To
// close it again does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	for _, e := range s.endpoints {
		_ = e.server.Close()
	}
	s.client.CloseIdleConnections()
	s.running.Wait()
}

// enter counts the caller among what Close waits for, until s.running.Done. It
// reports false when the server has been closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// Endpoint returns the URL of SMS, for sms.NewClient.
func (s *Server) Endpoint() string { return s.endpoints[SMS].url + s.options.basePath }

// HTTPClient returns a client that trusts the server's certificate. Like the
// Client of net/http/httptest it is one for the server's life, with its connections closed
// by Close. Unlike it, it uses no proxy.
func (s *Server) HTTPClient() *http.Client { return s.client }

func (s *Server) newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 100,
	}}
}

// CertPool returns a pool with the CA of the server's certificate.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.authority.cert)
	return pool
}

// CACertificate returns, as PEM, the CA of the server's certificate: for programs
// that read it from a file, such as curl --cacert.
func (s *Server) CACertificate() string { return s.authority.pem() }

// Client returns a client of the service, authenticated with Token. opts come
// after what makes it reach the server and may change that.
func (s *Server) Client(opts ...sms.Option) (*sms.Client, error) {
	return sms.NewClient(s.Endpoint(), sms.StaticToken(s.Token()),
		append([]sms.Option{sms.WithHTTPClient(s.client)}, opts...)...)
}

// AccessKey returns a permanent AK/SK that the service knows, with the id of the
// account it belongs to.
func (s *Server) AccessKey() sms.AccessKey { return s.options.key }

// endpoint is one port.
type endpoint struct {
	url    string
	server *http.Server
	conns  *connections
}

// listen serves what route finds at a port.
func (s *Server) listen(ctx context.Context, service Service, route func(*http.Request) operation) *endpoint {
	var listener net.Listener = &faultyListener{
		Listener: s.bind(ctx, service), next: func() ConnFault { return s.nextConnFault(service) }, stop: ctx, run: s.running.Go,
	}
	conns := &connections{open: map[net.Conn]bool{}}
	server := &http.Server{
		ConnState:         conns.note,
		Handler:           s.handler(service, route),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0), // failed handshakes are what some tests are about
		ReadHeaderTimeout: time.Minute,
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(!s.options.http1 && service != Metadata)
	url := "http://" + hostPort(listener)
	if service != Metadata {
		url = "https://" + hostPort(listener)
		config := &tls.Config{
			Certificates: []tls.Certificate{s.authority.endpointCertificate(s.leaf())},
			MinVersion:   tls.VersionTLS12,
			NextProtos:   []string{"h2", "http/1.1"},
		}
		if s.options.http1 {
			config.NextProtos = config.NextProtos[1:]
		}
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.defective(config), nil }
		listener = tls.NewListener(listener, config)
	}
	s.running.Go(func() { _ = server.Serve(listener) })
	return &endpoint{url, server, conns}
}

// hostPort is where clients reach a listener.
func hostPort(listener net.Listener) string {
	address := listener.Addr().String()
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

func (s *Server) bind(ctx context.Context, service Service) net.Listener {
	var config net.ListenConfig
	if address := s.options.addresses[service]; address != "" {
		return must(config.Listen(ctx, "tcp", address))
	}
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil { // a machine that has only IPv6
		listener, err = config.Listen(ctx, "tcp6", "[::1]:0")
	}
	return must(listener, err)
}

func (s *Server) leaf() leaf {
	var hosts []string
	for _, address := range s.options.addresses {
		if host, _, err := net.SplitHostPort(address); err == nil && host != "" {
			hosts = append(hosts, host)
		}
	}
	return loopbackLeaf(hosts...)
}

// handler is the way of a request: named, written down, and answered.
func (s *Server) handler(service Service, route func(*http.Request) operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.running.Done()
		w.Header().Set(headerRequestID, newRequestID())
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		op := route(r)
		if service == IAM {
			w.Header().Set("X-IAM-Trace-Id", w.Header().Get(headerRequestID))
		}
		s.nextFault(op.name).apply(s.record(w, r, service, op), r, op.serve)
	})
}
