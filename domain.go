package sms

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.com/huaweicloud/sms/internal/printable"
	"example.com/huaweicloud/sms/internal/renew"
	"example.com/huaweicloud/sms/internal/wire"
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
	var domains []wire.Domain
	err := iam.do(ctx, call{
		operation: "ListDomains", target: "/v3/auth/domains",
		decode: func(_ http.Header, body []byte) (err error) {
			domains, err = wire.ParseDomains(body)
			return err
		},
	})
	if err != nil {
		return "", err
	}
	switch len(domains) {
	case 0:
		return "", fmt.Errorf("%w: IAM lists no domain for this key", ErrInvalidResponse)
	case 1:
		id := domains[0].ID
		if err := checkCredential("the domain ID that IAM returned", id); err != nil {
			return "", fmt.Errorf("%w: %w", ErrInvalidResponse, err)
		}
		return id, nil
	}
	names := make([]string, len(domains))
	for i, domain := range domains {
		names[i] = printable.Line(domain.Name, 64)
	}
	return "", fmt.Errorf("IAM lists %d domains for this key: %s; say which with AccessKey.DomainID",
		len(names), strings.Join(names, ", "))
}
