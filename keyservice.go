package sms

import (
	"context"
	"net/http"
	"time"

	"example.com/huaweicloud/sms/internal/wire"
)

// keyService is a service that hands out temporary keys.
type keyService struct {
	pipeline *pipeline
	request  func(context.Context) (call, error)
	err      error // what is wrong with the configuration
}

// Validate reports a configuration that cannot work.
func (s *keyService) Validate() error { return s.err }

// AccessKey asks for a key.
func (s *keyService) AccessKey(ctx context.Context) (AccessKey, error) {
	if s.err != nil {
		return AccessKey{}, s.err
	}
	c, err := s.request(ctx)
	if err != nil {
		return AccessKey{}, err
	}
	var key AccessKey
	c.decode = func(header http.Header, body []byte) error {
		answer, err := wire.ParseTemporaryKey(body)
		key = AccessKey{
			ID: answer.Access, Secret: NewSecret(answer.Secret), SecurityToken: NewSecret(answer.SecurityToken),
			ExpiresAt: localTime(answer.ExpiresAt, header, time.Now()),
		}
		return err
	}
	if err := s.pipeline.do(ctx, c); err != nil {
		return AccessKey{}, err
	}
	return key, nil
}
