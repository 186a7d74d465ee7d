package sms

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"example.com/huaweicloud/sms/internal/printable"
)

// Sentinels for what may be wrong with a task's material.
var (
	// ErrNoCA is material without a CA certificate, as from EnableCACert(false).
	// The system's trust store is no substitute, and is never asked. PinTarget
	// does without a CA.
	ErrNoCA = errors.New("no CA certificate")
	// ErrPassphraseRequired is an encrypted private key and no passphrase.
	ErrPassphraseRequired = errors.New("the private key is encrypted and no passphrase was given")
	// ErrWrongPassphrase is an encrypted private key that the passphrase does not
	// open. A damaged key cannot be told from that.
	ErrWrongPassphrase = errors.New("wrong passphrase or damaged private key")
	// ErrKeyMismatch is a private key that belongs to another certificate.
	ErrKeyMismatch = errors.New("the private key does not belong to the certificate")
	// ErrUnsupportedKey is a kind of key, or of encryption, that TLS or this
	// library does not know, or one beyond its limits. The PEM text is still there
	// for tools that do.
	ErrUnsupportedKey = errors.New("unsupported key")
)

// MaterialError is a defect in one field of a CertKey or KeyPair. The cause is
// in its chain: one of the sentinels such as ErrKeyMismatch, or an error of
// crypto/x509.
type MaterialError struct {
	// Field is the JSON name of the CertKey's field, "target_data_cert", or of
	// the KeyPair's, "cert" or "private_key".
	Field string
	// Err is what is wrong with it.
	Err error
}

// Error returns one line of at most 1 KiB that begins with the field's name.
func (e *MaterialError) Error() string {
	return printable.Line(fmt.Sprintf("sms: %s: %v", e.Field, e.Err), maxErrorText)
}

// Unwrap returns the cause.
func (e *MaterialError) Unwrap() error { return e.Err }

func defect(field string, format string, args ...any) error {
	return &MaterialError{Field: field, Err: fmt.Errorf(format, args...)}
}

const (
	// maxPEM is the service's documented length of a field.
	maxPEM = 1 << 20
	// maxCertificates bounds a chain, and with it the work of checking it.
	maxCertificates = 32
	// maxRSABits is crypto/tls's own limit on a peer's key.
	maxRSABits = 8192
	// minRSABits is crypto/rsa's own limit.
	minRSABits = 1024
)

const (
	typeCertificate = "CERTIFICATE"
	typeKeySuffix   = "PRIVATE KEY"
	beginLine       = "-----BEGIN "
)

// parsePEM returns the blocks of text. It takes CRLF, blanks around lines, and
// text before, between and after the blocks. A block that begins and cannot be
// read is an error: package pem would pass over it.
func parsePEM(field, text string) ([]*pem.Block, error) {
	if len(text) > maxPEM {
		return nil, defect(field, "longer than %d bytes", maxPEM)
	}
	var tidy strings.Builder
	begun := 0
	for line := range strings.Lines(text) {
		line = strings.Trim(line, " \t\r\n\v\f\ufeff")
		if strings.HasPrefix(line, beginLine) {
			begun++
		}
		tidy.WriteString(line + "\n")
	}
	if begun > 2*maxCertificates {
		return nil, defect(field, "more than %d PEM blocks", 2*maxCertificates)
	}
	var blocks []*pem.Block
	for rest := []byte(tidy.String()); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks = append(blocks, block)
	}
	switch {
	case strings.TrimSpace(text) == "":
		return nil, defect(field, "empty")
	case begun == 0:
		return nil, defect(field, "no PEM block in it")
	case len(blocks) != begun:
		return nil, defect(field, "%d of %d PEM blocks are truncated or damaged", begun-len(blocks), begun)
	}
	return blocks, nil
}

// blockTypes lists the types of blocks for an error.
func blockTypes(blocks []*pem.Block) string {
	types := make([]string, len(blocks))
	for i, block := range blocks {
		types[i] = printable.Line(block.Type, 32)
	}
	return strings.Join(types, ", ")
}

// parseCertificates returns the certificates of text, in their order and each
// once. Blocks of other types are passed over as long as there is one.
func parseCertificates(field, text string) ([]*x509.Certificate, error) {
	blocks, err := parsePEM(field, text)
	if err != nil {
		return nil, err
	}
	var found []*x509.Certificate
	for i, block := range blocks {
		if block.Type != typeCertificate {
			continue
		}
		if len(found) == maxCertificates {
			return nil, defect(field, "more than %d certificates", maxCertificates)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, defect(field, "PEM block %d is no certificate: %w", i+1, err)
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
			return nil, defect(field, "%w: certificate %d has an RSA key of more than %d bits", ErrUnsupportedKey, i+1, maxRSABits)
		}
		if !containsCertificate(found, certificate) {
			found = append(found, certificate)
		}
	}
	if len(found) == 0 {
		return nil, defect(field, "wrong kind of PEM block: want %s, have %s", typeCertificate, blockTypes(blocks))
	}
	return found, nil
}

func containsCertificate(list []*x509.Certificate, wanted *x509.Certificate) bool {
	for _, certificate := range list {
		if certificate.Equal(wanted) {
			return true
		}
	}
	return false
}
