package wire

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ParseCertKey reads the one JSON object of a successful answer, strictly: valid
// UTF-8, no duplicate names, nothing behind it, cert and private_key not empty,
// every field a string (the others may be null or absent). Unknown fields are
// ignored; an error_code is not one of them. Errors never quote the body.
func ParseCertKey(body []byte) (CertKey, error) {
	var key CertKey
	plain := parsePlain(body, []field{
		{name: "ca", value: &key.CA},
		{name: "cert", value: &key.Cert},
		{name: "private_key", value: &key.PrivateKey},
		{name: "target_mgmt_cert", value: &key.TargetMgmtCert},
		{name: "target_mgmt_private_key", value: &key.TargetMgmtPrivateKey},
		{name: "target_data_cert", value: &key.TargetDataCert},
		{name: "target_data_private_key", value: &key.TargetDataPrivateKey},
	})
	if !plain {
		var answer struct {
			CertKey
			errorCode
		}
		if err := parse(body, &answer); err != nil {
			return CertKey{}, err
		}
		if answer.refused() {
			return CertKey{}, errRefused
		}
		key = answer.CertKey
	}
	switch "" {
	case key.Cert:
		return CertKey{}, errors.New("cert is missing or empty")
	case key.PrivateKey:
		return CertKey{}, errors.New("private_key is missing or empty")
	}
	return key, nil
}

// ParsePassphrase reads the one JSON object of a successful answer as strictly as
// ParseCertKey does. passphrase must be there and may be empty; task_id may be absent.
func ParsePassphrase(body []byte) (Passphrase, error) {
	var plain Passphrase
	fields := [...]field{{name: "task_id", value: &plain.TaskID}, {name: "passphrase", value: &plain.Passphrase}}
	if parsePlain(body, fields[:]) && fields[1].seen {
		return plain, nil
	}
	var answer struct {
		TaskID     string  `json:"task_id"`
		Passphrase *string `json:"passphrase"`
		errorCode
	}
	if err := parse(body, &answer); err != nil {
		return Passphrase{}, err
	}
	switch {
	case answer.refused():
		return Passphrase{}, errRefused
	case answer.Passphrase == nil:
		return Passphrase{}, errors.New("passphrase is missing or null")
	}
	return Passphrase{TaskID: answer.TaskID, Passphrase: *answer.Passphrase}, nil
}

// errorCode is what a refusal has and a success has not.
type errorCode struct {
	Value jsontext.Value `json:"error_code"`
}

var errRefused = errors.New("the answer carries an error_code")

func (e errorCode) refused() bool {
	return len(e.Value) > 0 && e.Value.Kind() != 'n' && string(e.Value) != `""`
}

// parse is json.Unmarshal with errors that say where body is wrong and not what
// stands there: those of the decoder quote characters and names.
func parse(body []byte, answer any) error {
	err := json.Unmarshal(body, answer)
	var wrongType *json.SemanticError
	var notJSON *jsontext.SyntacticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType) && wrongType.JSONPointer == "":
		return errors.New("the body is not a JSON object")
	case errors.As(err, &wrongType): // the name is one of the fields above
		return fmt.Errorf("%s is not a string", wrongType.JSONPointer.LastToken())
	case errors.As(err, &notJSON):
		return fmt.Errorf("the body is not one valid JSON object (at byte %d)", notJSON.ByteOffset)
	default:
		return errors.New("the body is not one valid JSON object")
	}
}
