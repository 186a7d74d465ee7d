package sms

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
)

// TLSOption changes how a config of SourceTLS, TargetMgmtTLS or TargetDataTLS
// checks the peer.
type TLSOption func(*tlsOptions) error

type tlsOptions struct {
	peerName string
	pin      bool
}

// VerifyServerName also holds the peer to a DNS name or an IP address, which its
// certificate must list. Without it any name will do as long as the chain is the
// task's. Config.ServerName cannot serve: dialers fill it by themselves, so it is
// only sent to the server (SNI) here. On the target's configs it holds the source
// to the name. An empty name and one with a port are ErrInvalidArgument.
func VerifyServerName(name string) TLSOption {
	return func(o *tlsOptions) error {
		switch {
		case name == "":
			return invalidArgument("VerifyServerName: the name is empty")
		case net.ParseIP(name) == nil && strings.ContainsAny(name, ":/ "):
			return invalidArgument("VerifyServerName: want a host name or an IP address without a port")
		}
		o.peerName = name
		return nil
	}
}

// PinTarget trusts exactly the certificates of this CertKey instead of its CA. It
// is the way out for a task without a CA and for signatures that crypto/x509
// refuses, such as those over SHA-1. On SourceTLS the target must present, byte for
// byte, the certificate of target_mgmt_cert or target_data_cert; on the target's
// configs the source must present that of cert. The validity period is still
// checked; chain and key usage are not, as the certificate is known.
func PinTarget() TLSOption {
	return func(o *tlsOptions) error { o.pin = true; return nil }
}

// SourceTLS returns the config with which the source dials the target, on both
// channels: mutual TLS 1.2 or newer that trusts the task's CA alone.
//
// Chain, validity and key usage of the target's certificate are checked on every
// connection, resumed ones included. The certificate need not name the dialled
// address unless VerifyServerName says so. InsecureSkipVerify is set, because
// crypto/tls would insist on the name; VerifyConnection does the checks in its
// place: leave it there. Time, where it is set on the config that is returned, is the
// clock for the peer too, also in clones; the Time of a clone alone is not.
//
// With TLS 1.3 a server that refuses the source's certificate says so after the
// client's handshake: the error comes with the first Read.
//
// That the source is the client and the target the server is inferred from the
// service's documents on its ports, 8899 for control and 8900 for data, which are
// open on the target; they do not say it.
//
// The error is ErrNoCA, ErrInvalidArgument or one of TLSCertificate. The config is
// the caller's own and may be used by many connections at once.
func (c *CertKey) SourceTLS(passphrase Secret, opts ...TLSOption) (*tls.Config, error) {
	conf, peer, err := c.config(sourceFields, c.Source(), passphrase, opts)
	if err != nil {
		return nil, err
	}
	peer.usage = x509.ExtKeyUsageServerAuth
	conf.InsecureSkipVerify = true // VerifyConnection checks the chain in its place
	return conf, nil
}

// TargetMgmtTLS returns the config with which the target serves the control
// channel, which the service's documents place on port 8899: mutual TLS 1.2 or newer
// that admits clients with a certificate of the task's CA alone. Chain, validity and key
// usage are checked on every connection, resumed ones included.
//
// That this pair belongs to that port is inferred from the fields' documentation
// ("task management"), which names no port. Errors are those of SourceTLS.
func (c *CertKey) TargetMgmtTLS(passphrase Secret, opts ...TLSOption) (*tls.Config, error) {
	return c.targetTLS(targetMgmtFields, c.TargetMgmt(), passphrase, opts)
}

// TargetDataTLS is TargetMgmtTLS for the data channel, which the service's
// documents place on port 8900. That this pair belongs to that port is inferred
// from the fields' documentation ("data migration").
func (c *CertKey) TargetDataTLS(passphrase Secret, opts ...TLSOption) (*tls.Config, error) {
	return c.targetTLS(targetDataFields, c.TargetData(), passphrase, opts)
}

func (c *CertKey) targetTLS(fields pairFields, pair KeyPair, passphrase Secret, opts []TLSOption) (*tls.Config, error) {
	conf, peer, err := c.config(fields, pair, passphrase, opts)
	if err != nil {
		return nil, err
	}
	peer.usage = x509.ExtKeyUsageClientAuth
	conf.ClientAuth = tls.RequireAnyClientCert
	if peer.roots != nil {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
		conf.ClientCAs = peer.roots
	}
	return conf, nil
}

// config returns what the configs have in common, and the check of the peer that
// it installed.
func (c *CertKey) config(fields pairFields, own KeyPair, passphrase Secret, opts []TLSOption) (*tls.Config, *peerCheck, error) {
	if c == nil {
		return nil, nil, invalidArgument("the CertKey is nil")
	}
	var o tlsOptions
	for _, opt := range opts {
		if opt == nil {
			return nil, nil, invalidArgument("an option is nil")
		}
		if err := opt(&o); err != nil {
			return nil, nil, err
		}
	}
	peer, err := c.peer(fields, o)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := own.load(fields, passphrase)
	if err != nil {
		return nil, nil, err
	}
	conf := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{certificate},
		RootCAs:      peer.roots,
	}
	conf.VerifyConnection = func(state tls.ConnectionState) error { return peer.check(state, conf.Time) }
	return conf, peer, nil
}

func (c *CertKey) peer(fields pairFields, o tlsOptions) (*peerCheck, error) {
	peer := &peerCheck{name: o.peerName}
	var err error
	switch {
	case o.pin && fields == sourceFields:
		peer.pinned, err = pins(map[string]string{
			targetMgmtFields.cert: c.TargetMgmtCert, targetDataFields.cert: c.TargetDataCert,
		})
	case o.pin:
		peer.pinned, err = pins(map[string]string{sourceFields.cert: c.Cert})
	default:
		peer.roots, err = c.roots()
	}
	if err != nil {
		return nil, err
	}
	return peer, nil
}
