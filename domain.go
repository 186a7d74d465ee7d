package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"example.com/huaweicloud/sms/internal/printable"
	"example.com/huaweicloud/sms/internal/renew"
)

// domainLookup asks IAM once which domain a key belongs to.
type domainLookup struct{ cache *renew.Cache[string] }

func newDomainLookup(iam *pipeline) *domainLookup {
	return &domainLookup{renew.New(renew.Source[string]{
		Fetch:     func(ctx context.Context) (string, error) { return listDomains(ctx, iam) },
		ExpiresAt: func(string) time.Time { return time.Time{} },
		Refused:   definite,
	})}
}

func (d *domainLookup) id(ctx context.Context) (string, error) { return d.cache.Get(ctx) }

// listDomains returns the id of the one domain that the caller can see.
func listDomains(ctx context.Context, iam *pipeline) (string, error) {
	var answer struct {
		Domains []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"domains"`
	}
	err := iam.do(ctx, call{
		operation: "ListDomains", target: "/v3/auth/domains",
		decode: func(_ http.Header, body []byte) error {
			if err := json.Unmarshal(body, &answer); err != nil {
				return errors.New("the body is not the documented list of domains")
			}
			return nil
		},
	})
	if err != nil {
		return "", err
	}
	switch len(answer.Domains) {
	case 0:
		return "", fmt.Errorf("%w: IAM lists no domain for this key", ErrInvalidResponse)
	case 1:
		id := answer.Domains[0].ID
		if err := checkCredential("the domain ID that IAM returned", id); err != nil {
			return "", fmt.Errorf("%w: %w", ErrInvalidResponse, err)
		}
		return id, nil
	}
	names := make([]string, len(answer.Domains))
	for i, domain := range answer.Domains {
		names[i] = printable.Line(domain.Name, 64)
	}
	return "", fmt.Errorf("IAM lists %d domains for this key: %s; say which with AccessKey.DomainID",
		len(names), strings.Join(names, ", "))
}
