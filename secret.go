package sms

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
)

// redacted is what every printer, logger and marshaller shows in place of a secret.
const redacted = "[REDACTED]"

// Secret holds a private key, a passphrase, a token or a password and keeps it
// from leaving by accident: package fmt, log/slog, encoding/json, encoding/xml
// and whatever else prints or marshals a value show "[REDACTED]", or "" for the
// zero Secret. Reveal is the only way to the value.
//
// The value is held behind a closure, so that printers that walk a value by
// reflection find a function and no text. For the same reason == does not
// compile on a Secret and reflect.DeepEqual never reports two of them as equal:
// use Equal. The zero Secret is ready to use and empty. A Secret is immutable
// and safe for concurrent use.
type Secret struct{ reveal func() string }

// NewSecret returns a Secret that holds value. NewSecret("") is the zero Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value. Whoever calls it answers for where the value goes
// from there; a search for "Reveal(" finds all such places in a program.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether s holds nothing, as the zero Secret and NewSecret("") do.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Equal reports whether both hold the same value. The time it takes depends on
// the lengths of the values and not on their content.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[REDACTED]", or "" when s is zero.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

// Format writes what String returns, whatever the verb and its flags.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue returns what String does, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String does. It never fails.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String does, as a JSON string. It never fails.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

var errRedacted = errors.New(`sms: this is "` + redacted + `", the printed form of a secret, and not its value: ` +
	"read it from where it was stored unredacted")

// UnmarshalText takes text as the value. The text "[REDACTED]" is refused, so
// that a marshalled copy is never mistaken for a key.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return errRedacted
	}
	*s = NewSecret(string(text))
	return nil
}

// UnmarshalJSON takes a JSON string as the value; null leaves s as it is. The
// string "[REDACTED]" is refused, so that a marshalled copy is never mistaken
// for a key. The error never quotes the input.
func (s *Secret) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	text, err := jsontext.AppendUnquote(nil, data)
	if err != nil {
		return errors.New("sms: a secret must be a JSON string of valid UTF-8")
	}
	return s.UnmarshalText(text)
}
