package sms

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"
	"time"
)

// Verify returns every defect of the material at a time, joined, or nil. Each is a
// *MaterialError that names its field: a field that is empty or holds the wrong
// kind of PEM block; a certificate that is expired or not yet valid at the time; a key
// that the passphrase does not open, that is weak (RSA under 2048 bits) or belongs
// to another certificate; a chain that does not reach the CA; source and target
// swapped, where key usages tell. Fields that ShowCertKey may leave out are defects
// here: without ca no chain can be checked (ErrNoCA), without a target's pair there is
// no such channel. The zero time means now. A nil CertKey is ErrInvalidArgument.
func (c *CertKey) Verify(passphrase Secret, at time.Time) error {
	if c == nil {
		return invalidArgument("the CertKey is nil")
	}
	if at.IsZero() {
		at = time.Now()
	}
	v := &verification{at: at, passphrase: passphrase}
	v.ca(c)
	pairs := []*pairVerification{
		{fields: sourceFields, pair: c.Source(), usage: x509.ExtKeyUsageClientAuth},
		{fields: targetMgmtFields, pair: c.TargetMgmt(), usage: x509.ExtKeyUsageServerAuth},
		{fields: targetDataFields, pair: c.TargetData(), usage: x509.ExtKeyUsageServerAuth},
	}
	for _, pair := range pairs {
		v.certificates(pair)
		v.key(pair)
	}
	for _, pair := range pairs {
		v.match(pair, pairs)
		v.chain(pair)
	}
	return errors.Join(v.defects...)
}

type verification struct {
	at         time.Time
	passphrase Secret
	roots      *x509.CertPool
	defects    []error
}

// pairVerification is what could be read of a pair; nil where it could not.
type pairVerification struct {
	fields pairFields
	pair   KeyPair
	usage  x509.ExtKeyUsage

	chain []*x509.Certificate
	key   crypto.Signer
}

func (v *verification) add(err error) {
	if err != nil {
		v.defects = append(v.defects, err)
	}
}

func (v *verification) ca(c *CertKey) {
	roots, err := c.roots()
	v.roots = roots
	v.add(err)
	if err != nil {
		return
	}
	v.strayBlocks("ca", c.CA)
	certificates, _ := parseCertificates("ca", c.CA)
	v.each("ca", certificates)
	for i, certificate := range certificates {
		if certificate.BasicConstraintsValid && !certificate.IsCA {
			v.add(defect("ca", "certificate %d of %d is not one of a CA", i+1, len(certificates)))
		}
	}
}

func (v *verification) certificates(p *pairVerification) {
	certificates, err := parseCertificates(p.fields.cert, p.pair.Cert)
	if err != nil {
		v.add(err)
		return
	}
	v.strayBlocks(p.fields.cert, p.pair.Cert)
	v.each(p.fields.cert, certificates)
	p.chain = certificates
}

func (v *verification) key(p *pairVerification) {
	key, err := parsePrivateKey(p.fields.key, p.pair.PrivateKey, v.passphrase)
	v.add(err)
	p.key = key
}

// strayBlocks finds what has no place among certificates: a private key above all,
// as a certificate's text is printed freely.
func (v *verification) strayBlocks(field, text string) {
	blocks, err := parsePEM(field, text)
	if err != nil {
		return
	}
	for i, block := range blocks {
		if block.Type != typeCertificate {
			v.add(defect(field, "wrong kind of PEM block: block %d is %q", i+1, block.Type))
		}
	}
}

// each checks what a certificate says of itself.
func (v *verification) each(field string, certificates []*x509.Certificate) {
	for i, certificate := range certificates {
		at, number := v.at.UTC().Format(time.RFC3339), i+1
		expired := x509.CertificateInvalidError{Cert: certificate, Reason: x509.Expired}
		switch {
		case v.at.After(certificate.NotAfter):
			v.add(&MaterialError{field, &validityError{
				certificateOf(number, certificates) + " expired on " + certificate.NotAfter.UTC().Format(time.RFC3339) + ", before " + at, expired,
			}})
		case v.at.Before(certificate.NotBefore):
			v.add(&MaterialError{field, &validityError{
				certificateOf(number, certificates) + " is not valid before " + certificate.NotBefore.UTC().Format(time.RFC3339) + ", after " + at, expired,
			}})
		}
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < weakRSABits {
			v.add(defect(field, "%s has a weak key: RSA of %d bits, want %d or more", certificateOf(number, certificates), key.N.BitLen(), weakRSABits))
		}
		if err := checkPublicKey(certificate); err != nil {
			v.add(&MaterialError{field, err})
		}
	}
}

// weakRSABits is the size under which an RSA key counts as weak, as in NIST SP 800-57.
const weakRSABits = 2048

// validityError says more than the error of crypto/x509 that it stands for.
type validityError struct {
	text  string
	cause error
}

func (e *validityError) Error() string { return e.text }
func (e *validityError) Unwrap() error { return e.cause }

func certificateOf(number int, certificates []*x509.Certificate) string {
	if len(certificates) == 1 {
		return "the certificate"
	}
	return "certificate " + strconv.Itoa(number) + " of " + strconv.Itoa(len(certificates))
}

// match finds a key that is not the leaf's, and whose it is instead.
func (v *verification) match(p *pairVerification, all []*pairVerification) {
	if p.chain == nil || p.key == nil {
		return
	}
	leaf, err := leafOf(p.chain, p.key.Public())
	if err == nil {
		p.chain = chainFrom(leaf, p.chain)
		return
	}
	for _, other := range all {
		if other == p || other.chain == nil {
			continue
		}
		if _, found := leafOf(other.chain, p.key.Public()); found == nil {
			v.add(defect(p.fields.key, "%w: it belongs to %s", err, other.fields.cert))
			return
		}
	}
	v.add(&MaterialError{p.fields.key, err})
}

// chain checks that the leaf reaches the CA for the use it is meant for. Expiry is
// reported by each, so that it does not hide a foreign issuer here.
func (v *verification) chain(p *pairVerification) {
	if p.chain == nil || v.roots == nil {
		return
	}
	leaf := leaves(p.chain)[0]
	if p.key != nil {
		if own, err := leafOf(p.chain, p.key.Public()); err == nil {
			leaf = own
		}
	}
	err := v.reaches(leaf, p.chain, p.usage)
	if err == nil {
		return
	}
	swapped := x509.ExtKeyUsageServerAuth
	if p.usage == swapped {
		swapped = x509.ExtKeyUsageClientAuth
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	if ok && invalid.Reason == x509.IncompatibleUsage && v.reaches(leaf, p.chain, swapped) == nil {
		err = &validityError{"its key usage is that of the other side: source and target look swapped", err}
	}
	v.add(defect(p.fields.cert, "the chain does not reach the CA: %w", err))
}

func (v *verification) reaches(leaf *x509.Certificate, chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	rest := slices.DeleteFunc(slices.Clone(chain), leaf.Equal)
	var first error
	for _, at := range []time.Time{v.at, leaf.NotAfter, leaf.NotBefore} {
		err := verifyChain(leaf, rest, v.roots, usage, at)
		if err == nil {
			return nil
		}
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); first == nil || !ok || invalid.Reason != x509.Expired {
			first = err
		}
	}
	return first
}
