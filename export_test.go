package sms

import (
	"net/http"
	"time"
)

// Environment is an environment for tests: the variables, the home folder ("" for
// none) and the metadata service.
type Environment struct {
	Variables map[string]string
	Home      string
	Metadata  string
	IAM       []SignerOption
}

func (e Environment) environment() environment {
	return environment{
		lookup: func(name string) string { return e.Variables[name] },
		list: func() (entries []string) {
			for name, value := range e.Variables {
				entries = append(entries, name+"="+value)
			}
			return entries
		},
		home:     func() string { return e.Home },
		metadata: []MetadataOption{WithMetadataEndpoint(e.Metadata)},
		iam:      e.IAM,
	}
}

// Signer is SignerFromEnv for e.
func (e Environment) Signer() (Signer, error) { return e.environment().signer() }

// Endpoint is the endpoint of NewClientFromEnv for e.
func (e Environment) Endpoint() (string, error) { return e.environment().endpoint() }

// RetryAfter reads the header of that name.
func RetryAfter(header http.Header) time.Duration { return retryAfter(header) }

// SignAt signs a request as of now.
func SignAt(req *http.Request, key AccessKey, now time.Time) error { return signRequest(req, key, now) }
