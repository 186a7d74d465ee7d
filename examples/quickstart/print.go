package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"time"

	"example.com/huaweicloud/sms"
)

// printMaterial writes what the certificates say, whether each key belongs to its
// certificate and each chain to the CA. Keys and passphrase are redacted.
func printMaterial(w io.Writer, material *sms.CertKey, pass *sms.Passphrase) {
	printCertificate(w, "CA", material.CA)
	for _, identity := range []struct {
		name string
		pair sms.KeyPair
	}{
		{"Source", material.Source()},
		{"Target, management", material.TargetMgmt()},
		{"Target, data", material.TargetData()},
	} {
		leaf := printCertificate(w, identity.name, identity.pair.Cert)
		if leaf == nil {
			continue
		}
		_, err := identity.pair.TLSCertificate(pass.Passphrase)
		fmt.Fprintf(w, "  private key  %v, %s\n", identity.pair.PrivateKey, verdict(err, "belongs to the certificate"))
		fmt.Fprintf(w, "  chain        %s\n", verdict(chains(leaf, material.CA), "reaches the CA"))
	}
	fmt.Fprintf(w, "Passphrase\n  value        %v\n", pass.Passphrase)
	fmt.Fprintf(w, "Verdict\n  all of it    %s\n", verdict(material.Verify(pass.Passphrase, time.Now()), "fit for a TLS channel"))
}

func printCertificate(w io.Writer, name, text string) *x509.Certificate {
	fmt.Fprintln(w, name)
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		fmt.Fprintln(w, "  none in the answer")
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		fmt.Fprintf(w, "  unreadable: %v\n", err)
		return nil
	}
	fmt.Fprintf(w, "  subject      %v\n", cert.Subject)
	fmt.Fprintf(w, "  issuer       %v\n", cert.Issuer)
	fmt.Fprintf(w, "  valid        %s to %s\n", cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
	fmt.Fprintf(w, "  key          %s\n", keyType(cert.PublicKey))
	fmt.Fprintf(w, "  SHA-256      %x\n", sha256.Sum256(cert.Raw))
	return cert
}

func keyType(public any) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return fmt.Sprintf("%T", public)
	}
}

func chains(leaf *x509.Certificate, ca string) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca))
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func verdict(err error, good string) string {
	if err != nil {
		return "NOT so: " + err.Error()
	}
	return good
}
