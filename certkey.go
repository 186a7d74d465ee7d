package sms

import (
	"context"
	"net/http"
	"strconv"

	"example.com/huaweicloud/sms/internal/wire"
)

const opShowCertKey = "ShowCertKey"

// CertKeyOption changes what ShowCertKey asks for.
type CertKeyOption func(*certKeyOptions) error

type certKeyOptions struct{ enableCACert bool }

// EnableCACert says whether the service is to generate a CA certificate for the
// task. It is always sent, as the API's pages disagree on the service's own default (some
// languages' and dates' say true, others false), and is true unless said otherwise. With false,
// CertKey.CA is usually empty.
func EnableCACert(enable bool) CertKeyOption {
	return func(o *certKeyOptions) error {
		o.enableCACert = enable
		return nil
	}
}

// ShowCertKey fetches the certificates and private keys of a migration task's
// secure channel: GET /v3/tasks/{task_id}/certkey. The caller needs the
// permission sms:server:getCert.
//
// The answer is whole or there is none: with a nil error, Cert and PrivateKey
// are not empty. The service may make the material anew at each call, so never
// mix two answers.
//
// Errors: ErrInvalidArgument for a nil context or option or a task id that is not
// 1 to 255 of A-Z a-z 0-9 . _ ~ - (nothing was sent); *APIError for a refusal;
// ErrInvalidResponse for a success that is not the documented answer;
// ErrAttemptTimeout; the context's error; else what the network did, as package
// net and crypto/tls report it. Safe for concurrent use.
//
// Source: https://support.huaweicloud.com/intl/en-us/api-sms/ShowSsl.html
func (c *Client) ShowCertKey(ctx context.Context, taskID string, opts ...CertKeyOption) (*CertKey, error) {
	o := certKeyOptions{enableCACert: true}
	for _, opt := range opts {
		if opt == nil {
			return nil, invalidArgument(opShowCertKey + ": an option is nil")
		}
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	target, err := taskTarget(opShowCertKey, taskID, "certkey?enable_ca_cert="+strconv.FormatBool(o.enableCACert))
	if err != nil {
		return nil, err
	}
	material := new(CertKey)
	err = c.do(ctx, call{
		operation: opShowCertKey,
		target:    target,
		decode: func(_ http.Header, body []byte) error {
			got, err := wire.ParseCertKey(body)
			if err != nil {
				return err
			}
			*material = CertKey{
				Cert:                 got.Cert,
				PrivateKey:           NewSecret(got.PrivateKey),
				CA:                   got.CA,
				TargetMgmtCert:       got.TargetMgmtCert,
				TargetMgmtPrivateKey: NewSecret(got.TargetMgmtPrivateKey),
				TargetDataCert:       got.TargetDataCert,
				TargetDataPrivateKey: NewSecret(got.TargetDataPrivateKey),
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return material, nil
}

const maxTaskID = 255

// taskTarget checks the task id that every call has and returns the path below
// the endpoint. The id's alphabet has no character that means anything in a URL,
// so it is one path segment and nothing else.
func taskTarget(operation, taskID, resource string) (string, error) {
	refuse := func(text string) (string, error) { return "", invalidArgument(operation + ": " + text) }
	switch {
	case taskID == "":
		return refuse("the task id is empty")
	case len(taskID) > maxTaskID:
		return refuse("the task id is longer than 255 characters")
	case taskID == "." || taskID == "..":
		return refuse("the task id is dots alone")
	}
	for i := range len(taskID) {
		if c := taskID[i]; !unreserved(c) {
			return refuse("the task id has a character that is none of A-Z a-z 0-9 . _ ~ - at byte " + strconv.Itoa(i+1))
		}
	}
	return "/v3/tasks/" + taskID + "/" + resource, nil
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '.' || c == '_' || c == '~' || c == '-'
}
