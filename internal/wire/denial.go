package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
)

// Denial is what STS decodes from a 403.
type Denial struct {
	Failure string
	Context map[string]any
	Message string // the whole
}

// ParseDenial reads the answer of STS: a JSON text within a JSON object. Fields of
// the text that are not as expected are left empty: their shape is not documented.
func ParseDenial(body []byte) (Denial, error) {
	var answer struct {
		Message string `json:"decoded_message"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Message == "" {
		return Denial{}, errors.New("decoded_message is missing")
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(answer.Message), &fields); err != nil || fields == nil {
		return Denial{}, errors.New("decoded_message is not a JSON object")
	}
	denial := Denial{Message: answer.Message}
	denial.Failure, _ = fields["failure"].(string)
	denial.Context, _ = fields["context"].(map[string]any)
	return denial, nil
}

// ParseDenied finds in the text of a 403 which action on which resource was
// refused: "... to perform action sms:server:getCert on resource sms::1:server:2."
func ParseDenied(text string) (action, resource string) {
	_, rest, found := strings.Cut(text, "perform action ")
	if !found {
		return "", ""
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return "", ""
	}
	if len(words) > 3 && words[1] == "on" && words[2] == "resource" {
		resource = strings.TrimRight(words[3], ".,;")
	}
	return strings.TrimRight(words[0], ".,;"), resource
}
