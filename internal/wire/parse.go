package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseCertKey reads the one JSON object of a successful answer, strictly: valid
// UTF-8, no duplicate names, nothing behind it, cert and private_key not empty,
// every field a string (the others may be null or absent). Unknown fields are
// ignored; an error_code is not one of them. Errors never quote the body.
func ParseCertKey(body []byte) (CertKey, error) {
	var c CertKey
	err := parseObject(body, func(name string) *field {
		switch name {
		case "ca":
			return &field{value: &c.CA}
		case "cert":
			return &field{value: &c.Cert}
		case "private_key":
			return &field{value: &c.PrivateKey}
		case "target_mgmt_cert":
			return &field{value: &c.TargetMgmtCert}
		case "target_mgmt_private_key":
			return &field{value: &c.TargetMgmtPrivateKey}
		case "target_data_cert":
			return &field{value: &c.TargetDataCert}
		case "target_data_private_key":
			return &field{value: &c.TargetDataPrivateKey}
		default:
			return nil
		}
	})
	switch {
	case err != nil:
		return CertKey{}, err
	case c.Cert == "":
		return CertKey{}, errors.New("cert is missing or empty")
	case c.PrivateKey == "":
		return CertKey{}, errors.New("private_key is missing or empty")
	}
	return c, nil
}

// ParsePassphrase reads the one JSON object of a successful answer as strictly as
// ParseCertKey does. passphrase must be there and may be empty; task_id may be absent.
func ParsePassphrase(body []byte) (Passphrase, error) {
	var p Passphrase
	passphrase := field{value: &p.Passphrase}
	err := parseObject(body, func(name string) *field {
		switch name {
		case "task_id":
			return &field{value: &p.TaskID}
		case "passphrase":
			return &passphrase
		default:
			return nil
		}
	})
	switch {
	case err != nil:
		return Passphrase{}, err
	case !passphrase.set:
		return Passphrase{}, errors.New("passphrase is missing or null")
	}
	return p, nil
}

// field is where a string of the answer goes.
type field struct {
	value *string
	set   bool // by a string, as against null
}

// parseObject reads body as one JSON object and puts the strings that lookup
// knows where it says.
func parseObject(body []byte, lookup func(name string) *field) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return errors.New("the body is empty")
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body))
	if dec.PeekKind() != '{' && dec.PeekKind() != 0 {
		return errors.New("the body is not a JSON object")
	}
	if _, err := dec.ReadToken(); err != nil {
		return malformed(dec)
	}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return malformed(dec)
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			return malformed(dec)
		}
		if err := store(lookup(name), name, value); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return malformed(dec)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

func store(f *field, name string, value jsontext.Value) error {
	switch {
	case f == nil && name == "error_code" && !blank(value):
		return errors.New("the answer carries an error_code")
	case f == nil, value.Kind() == 'n':
		return nil
	case value.Kind() != '"':
		return fmt.Errorf("%s is not a string", name)
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return fmt.Errorf("%s is not a valid string", name)
	}
	*f.value, f.set = string(text), true
	clear(text)
	return nil
}

func blank(value jsontext.Value) bool { return value.Kind() == 'n' || string(value) == `""` }

func malformed(dec *jsontext.Decoder) error {
	return fmt.Errorf("the body is not valid JSON (near byte %d)", dec.InputOffset())
}
