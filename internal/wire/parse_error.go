package wire

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// ParseError reads as much of a refusal as there is, in any of the shapes that
// are known:
//
//	{"error_code":"SMS.9004","error_msg":"...","details":[...]}       SMS
//	{"error_code":"APIGW.0301","error_msg":"...","request_id":"..."}  the API gateway
//	{"error":{"code":401,"message":"...","title":"..."}}              IAM
//	{"errorCode":...,"errorMsg":...}, {"code":...,"message":...}      others
//
// It is lenient where ParseCertKey is strict: a field of another type is taken
// for what it can mean or left out, and a body that was cut short gives what stands before
// the cut. The result is false where body is not a JSON object with a code or a message.
func ParseError(body []byte) (Error, bool) {
	var e Error
	readObject(body, func(name string, value jsontext.Value) { e.take(name, value) })
	return e, e.Code != "" || e.Message != ""
}

func (e *Error) take(name string, value jsontext.Value) {
	switch name {
	case "error_code":
		e.Code = text(value)
	case "error_msg":
		e.Message = text(value)
	case "errorCode", "code":
		setIfEmpty(&e.Code, text(value))
	case "errorMsg", "message", "error_message":
		setIfEmpty(&e.Message, text(value))
	case "request_id", "requestId":
		setIfEmpty(&e.RequestID, text(value))
	case "encoded_authorization_message":
		e.EncodedAuthorizationMessage = text(value)
	case "error_param":
		for _, param := range list(value) {
			if s := text(param); s != "" {
				e.ErrorParam = append(e.ErrorParam, s)
			}
		}
	case "details":
		for _, detail := range list(value) {
			e.addDetail(detail)
		}
	case "error":
		e.takeNested(value)
	}
}

// takeNested reads IAM's {"error":{...}}, or the {"error":"..."} of OAuth.
func (e *Error) takeNested(value jsontext.Value) {
	if value.Kind() != '{' {
		setIfEmpty(&e.Message, text(value))
		return
	}
	var nested Error
	title := ""
	readObject(value, func(name string, value jsontext.Value) {
		if name == "error" { // one level is what there is
			return
		}
		if name == "title" {
			title = text(value)
		}
		nested.take(name, value)
	})
	setIfEmpty(&nested.Message, title)
	setIfEmpty(&e.Code, nested.Code)
	setIfEmpty(&e.Message, nested.Message)
	setIfEmpty(&e.RequestID, nested.RequestID)
}

// addDetail reads one cause: an object, or a text alone.
func (e *Error) addDetail(value jsontext.Value) {
	var cause Error
	if value.Kind() == '{' {
		readObject(value, func(name string, value jsontext.Value) {
			if name != "details" && name != "error" {
				cause.take(name, value)
			}
		})
	} else {
		cause.Message = text(value)
	}
	if cause.Code != "" || cause.Message != "" {
		e.Details = append(e.Details, Detail{cause.Code, cause.Message})
	}
}

func setIfEmpty(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func lenient(body []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(body),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// readObject calls visit for the members of an object, as far as it is readable.
func readObject(body []byte, visit func(name string, value jsontext.Value)) {
	dec := lenient(body)
	if dec.PeekKind() != '{' {
		return
	}
	if _, err := dec.ReadToken(); err != nil {
		return
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			return
		}
		visit(name, value)
	}
}

// list returns the elements of an array; anything else is a list of itself.
func list(value jsontext.Value) []jsontext.Value {
	if value.Kind() != '[' {
		return []jsontext.Value{value}
	}
	dec := lenient(value)
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	var elements []jsontext.Value
	for dec.PeekKind() != ']' {
		element, err := dec.ReadValue()
		if err != nil {
			break
		}
		elements = append(elements, element.Clone())
	}
	return elements
}

// text returns a string's content or a number's digits, "" for anything else.
func text(value jsontext.Value) string {
	switch value.Kind() {
	case '"':
		unquoted, err := jsontext.AppendUnquote(nil, value)
		if err != nil && len(unquoted) == 0 {
			return ""
		}
		return string(unquoted)
	case '0':
		return string(value)
	default:
		return ""
	}
}
