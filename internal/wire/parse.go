package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseCertKey reads the one JSON object of a successful answer, strictly: valid
// UTF-8, no duplicate names, nothing behind it, cert and private_key not empty,
// every field a string (the others may be null or absent). Unknown fields are
// ignored; an error_code is not one of them. A private key in a certificate's field, which
// is printed freely, is refused. Errors never quote the body.
func ParseCertKey(body []byte) (CertKey, error) {
	var key CertKey
	err := parse(body, []field{
		{name: "ca", value: &key.CA},
		{name: "cert", value: &key.Cert},
		{name: "private_key", value: &key.PrivateKey},
		{name: "target_mgmt_cert", value: &key.TargetMgmtCert},
		{name: "target_mgmt_private_key", value: &key.TargetMgmtPrivateKey},
		{name: "target_data_cert", value: &key.TargetDataCert},
		{name: "target_data_private_key", value: &key.TargetDataPrivateKey},
	})
	switch {
	case err != nil:
		return CertKey{}, err
	case key.Cert == "":
		return CertKey{}, errors.New("cert is missing or empty")
	case key.PrivateKey == "":
		return CertKey{}, errors.New("private_key is missing or empty")
	}
	for _, certificate := range [...]struct{ name, text string }{
		{"ca", key.CA}, {"cert", key.Cert}, {"target_mgmt_cert", key.TargetMgmtCert}, {"target_data_cert", key.TargetDataCert},
	} {
		if strings.Contains(certificate.text, "PRIVATE KEY-----") {
			return CertKey{}, errors.New(certificate.name + " holds a private key")
		}
	}
	return key, nil
}

// ParsePassphrase reads the one JSON object of a successful answer as strictly as
// ParseCertKey does. passphrase must be there and may be empty; task_id may be absent.
func ParsePassphrase(body []byte) (Passphrase, error) {
	var answer Passphrase
	fields := []field{{name: "passphrase", value: &answer.Passphrase}, {name: "task_id", value: &answer.TaskID}}
	switch err := parse(body, fields); {
	case err != nil:
		return Passphrase{}, err
	case !fields[0].seen:
		return Passphrase{}, errors.New("passphrase is missing or null")
	}
	return answer, nil
}

// field is a name that an object may have, and where its value goes.
type field struct {
	name  string
	value *string
	seen  bool // and not null
}

func find(fields []field, name string) *field {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}

func parse(body []byte, fields []field) error {
	if parsePlain(body, fields) {
		return nil
	}
	for i := range fields {
		*fields[i].value, fields[i].seen = "", false
	}
	return parseAny(body, fields)
}

// parseAny reads an object in whatever form JSON allows.
func parseAny(body []byte, fields []field) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body))
	if kind := dec.PeekKind(); kind != '{' && kind != 0 {
		return errors.New("the body is not a JSON object")
	}
	_, err := dec.ReadToken()
	for err == nil && dec.PeekKind() != '}' {
		err = parseMember(dec, fields)
	}
	if err == nil {
		_, err = dec.ReadToken()
	}
	if err == nil {
		if _, err = dec.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	// The decoder's own errors quote characters and names: say where, not what.
	if broken, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("the body is not one valid JSON object (at byte %d)", broken.ByteOffset)
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("the body is not one valid JSON object")
	}
	return err
}

var errRefused = errors.New("the answer carries an error_code")

// isSaid reports whether an error_code says anything.
func isSaid(value jsontext.Value) bool {
	return len(value) > 0 && value.Kind() != 'n' && string(value) != `""`
}

func parseMember(dec *jsontext.Decoder, fields []field) error {
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	name := token.String()
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if name == "error_code" && isSaid(value) {
		return errRefused
	}
	f := find(fields, name)
	if f == nil || value.Kind() == 'n' {
		return nil
	}
	if value.Kind() != '"' {
		return fmt.Errorf("%s is not a string", name) // one of our names
	}
	text, err := jsontext.AppendUnquote(nil, value)
	*f.value, f.seen = string(text), true
	clear(text)
	return err
}
