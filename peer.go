package sms

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"
)

// peerCheck decides whether a peer is the other side of the task. Either roots or
// pinned is set.
type peerCheck struct {
	roots  *x509.CertPool
	pinned []*x509.Certificate
	usage  x509.ExtKeyUsage
	name   string
}

var (
	errNoPeerCertificate = errors.New("sms: the peer sent no certificate")
	errNotPinned         = errors.New("sms: not the certificate of this task that PinTarget asks for")
	errNoSignature       = errors.New("sms: key usage forbids digital signatures, which TLS needs")
)

// check is a tls.Config's VerifyConnection.
func (p *peerCheck) check(state tls.ConnectionState, clock func() time.Time) error {
	if len(state.PeerCertificates) == 0 {
		return errNoPeerCertificate
	}
	if clock == nil {
		clock = time.Now
	}
	leaf, rest := state.PeerCertificates[0], state.PeerCertificates[1:]
	err := p.checkChain(leaf, rest, clock())
	if err == nil && p.name != "" {
		err = leaf.VerifyHostname(p.name)
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
}

func (p *peerCheck) checkChain(leaf *x509.Certificate, rest []*x509.Certificate, at time.Time) error {
	if p.roots == nil {
		return p.checkPin(leaf, at)
	}
	return verifyChain(leaf, rest, p.roots, p.usage, at)
}

func (p *peerCheck) checkPin(leaf *x509.Certificate, at time.Time) error {
	if !slices.ContainsFunc(p.pinned, leaf.Equal) {
		return errNotPinned
	}
	if at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) {
		return x509.CertificateInvalidError{Cert: leaf, Reason: x509.Expired}
	}
	return nil
}

func verifyChain(leaf *x509.Certificate, rest []*x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage, at time.Time) error {
	intermediates := x509.NewCertPool()
	for _, certificate := range rest {
		intermediates.AddCert(certificate)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err == nil && leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return errNoSignature
	}
	return err
}

// roots returns the task's CA alone. Never nil without an error: a nil pool would
// mean the system's trust store.
func (c *CertKey) roots() (*x509.CertPool, error) {
	if strings.TrimSpace(c.CA) == "" {
		return nil, defect("ca", "%w: ask for it with EnableCACert(true), or use PinTarget", ErrNoCA)
	}
	certificates, err := parseCertificates("ca", c.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

// pins returns the leaf of each field that is not empty, of which there must be one.
func pins(texts map[string]string) ([]*x509.Certificate, error) {
	var pinned []*x509.Certificate
	for field, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		certificates, err := parseCertificates(field, text)
		if err != nil {
			return nil, err
		}
		pinned = append(pinned, leaves(certificates)...)
	}
	if len(pinned) == 0 {
		return nil, invalidArgument("PinTarget: the CertKey has no certificate of the peer to pin")
	}
	return pinned, nil
}
