package smstest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"time"
)

// ConnFault is something that goes wrong with a connection before a request is
// read on it.
type ConnFault int

const (
	// ConnPass is none.
	ConnPass ConnFault = iota
	// ConnClose closes the connection when it is made.
	ConnClose
	// ConnReset resets it when it is made.
	ConnReset
	// ConnResetInHandshake resets it when the client has begun the TLS handshake.
	ConnResetInHandshake
	// ConnStall keeps it open and silent until the server is closed.
	ConnStall
)

// FailConnections makes the next connections to a service go wrong, the first one
// in the first way and so on. It replaces what was said before, and panics for what
// is no service or no fault.
func (s *Server) FailConnections(service Service, faults ...ConnFault) {
	checkService(service)
	for _, fault := range faults {
		checkKind("FailConnections", fault, ConnStall)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connFaults[service] = faults
}

// CloseConnections closes all connections, busy or idle: what clients keep for
// later is stale then. The server goes on to accept new ones.
func (s *Server) CloseConnections() {
	for _, e := range s.endpoints {
		e.conns.closeAll()
	}
}

func (s *Server) nextConnFault(service Service) ConnFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := s.connFaults[service]
	if len(faults) == 0 {
		return ConnPass
	}
	s.connFaults[service] = faults[1:]
	return faults[0]
}

// faultyListener is a listener some of whose connections go wrong.
type faultyListener struct {
	net.Listener
	next func() ConnFault
	stop context.Context //nolint:containedctx // a connection that stalls ends with the server
	run  func(func())
}

// Accept returns the next connection with which nothing goes wrong.
func (l *faultyListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		switch l.next() {
		case ConnClose:
			_ = conn.Close()
		case ConnReset:
			reset(conn)
		case ConnResetInHandshake:
			l.run(func() {
				defer context.AfterFunc(l.stop, func() { _ = conn.Close() })()
				_, _ = conn.Read(make([]byte, 1))
				reset(conn)
			})
		case ConnStall:
			l.run(func() {
				<-l.stop.Done()
				_ = conn.Close()
			})
		default:
			return conn, nil
		}
	}
}

// connections are those that are open.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

// note is a http.Server's ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.open, conn)
		return
	}
	c.open[conn] = true
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.Close()
	}
}

// TLSDefect is something that is wrong with the server's side of TLS.
type TLSDefect int

const (
	// TLSIntact is none.
	TLSIntact TLSDefect = iota
	// TLSExpired is a certificate that has expired.
	TLSExpired
	// TLSNotYetValid is a certificate that is not valid yet.
	TLSNotYetValid
	// TLSWrongHost is a certificate for another host.
	TLSWrongHost
	// TLSSelfSigned is a certificate that signs itself.
	TLSSelfSigned
	// TLSUnknownCA is a certificate of a CA that the client does not trust.
	TLSUnknownCA
	// TLSWrongUsage is a certificate that is not one for servers.
	TLSWrongUsage
	// TLS10 is a server that speaks TLS 1.0 at most.
	TLS10
	// TLS11 is a server that speaks TLS 1.1 at most.
	TLS11
)

// BreakTLS gives new connections to SMS and IAM a defect of TLS, until Heal or
// BreakTLS(TLSIntact). It panics for what is no defect.
func (s *Server) BreakTLS(defect TLSDefect) {
	checkKind("BreakTLS", defect, TLS11)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tlsDefect = defect
}

// defective returns the config of a handshake that goes wrong, nil for one that does not.
func (s *Server) defective(base *tls.Config) *tls.Config {
	s.mu.Lock()
	defect := s.tlsDefect
	s.mu.Unlock()
	if defect == TLSIntact {
		return nil
	}
	config := base.Clone()
	config.GetConfigForClient = nil
	switch defect {
	case TLS10, TLS11:
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		if defect == TLS11 {
			config.MaxVersion = tls.VersionTLS11
		}
	default:
		config.Certificates = []tls.Certificate{s.defectiveCertificate(defect)}
	}
	return config
}

func (s *Server) defectiveCertificate(defect TLSDefect) tls.Certificate {
	l, now, issuer := s.leaf(), time.Now(), s.authority
	switch defect {
	case TLSExpired:
		l.notBefore, l.notAfter = now.Add(-2*time.Hour), now.Add(-time.Hour)
	case TLSNotYetValid:
		l.notBefore, l.notAfter = now.Add(time.Hour), now.Add(2*time.Hour)
	case TLSWrongHost:
		l.addresses, l.dnsNames = nil, []string{"elsewhere.example"}
	case TLSWrongUsage:
		l.usage = x509.ExtKeyUsageClientAuth
	case TLSSelfSigned:
		self := newAuthority("self-signed", l.notBefore, l.notAfter)
		return tls.Certificate{Certificate: [][]byte{self.cert.Raw}, PrivateKey: self.key}
	default:
		issuer = newAuthority("another CA", l.notBefore, l.notAfter)
	}
	return issuer.endpointCertificate(l)
}
