package sms_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// cloud is IAM and SMS in memory, for tests in virtual time: it takes the
// credentials that it issued last and that have not ended.
type cloud struct {
	life   time.Duration           // of what it issues; 0 is a day
	takes  time.Duration           // IAM's time for an answer
	hung   atomic.Bool             // IAM never answers
	cursed func(issued int64) bool // IAM answers 500 instead of issuing this one; may be nil

	issued  atomic.Int64 // credentials
	asked   atomic.Int64 // requests to IAM
	calls   atomic.Int64 // requests to SMS
	aborted atomic.Int64 // requests to IAM whose context ended
	refused atomic.Int64 // answers of 401

	mu      sync.Mutex
	current string
	ends    time.Time
	spread  time.Duration // refusals come in steps of this
	late    int
}

func (c *cloud) issue() (string, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	life := c.life
	if life == 0 {
		life = 24 * time.Hour
	}
	c.current, c.ends = fmt.Sprintf("credential-%d", c.issued.Add(1)), time.Now().Add(life)
	return c.current, c.ends
}

// revoke ends what was issued; the refusals then come in steps.
func (c *cloud) revoke(step time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current, c.spread = "none", step
}

// AccessKey and Token make the cloud a source of both kinds.
func (c *cloud) AccessKey(ctx context.Context) (sms.AccessKey, error) {
	if err := c.wait(ctx); err != nil {
		return sms.AccessKey{}, err
	}
	id, ends := c.issue()
	return sms.AccessKey{ID: id, Secret: sms.NewSecret("secret"), SecurityToken: sms.NewSecret(id), DomainID: "domain", ExpiresAt: ends}, nil
}

func (c *cloud) Token(ctx context.Context) (sms.Token, error) {
	if err := c.wait(ctx); err != nil {
		return sms.Token{}, err
	}
	value, ends := c.issue()
	return sms.Token{Value: sms.NewSecret(value), ExpiresAt: ends}, nil
}

func (c *cloud) wait(ctx context.Context) error {
	c.asked.Add(1)
	delay := c.takes
	if c.hung.Load() {
		delay = 1000 * time.Hour
	}
	select {
	case <-ctx.Done():
		c.aborted.Add(1)
		return ctx.Err()
	case <-time.After(delay):
	}
	if c.cursed != nil && c.cursed(c.issued.Load()+1) {
		return fmt.Errorf("IAM is unwell")
	}
	return nil
}

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.Host, "iam.") {
		if err := c.wait(req.Context()); err != nil {
			return nil, err
		}
		value, ends := c.issue()
		resp := answer(req, http.StatusCreated, fmt.Sprintf(`{"token":{"expires_at":%q}}`, ends.UTC().Format(time.RFC3339Nano)))
		resp.Header.Set("X-Subject-Token", value)
		return resp, nil
	}
	c.calls.Add(1)
	given := req.Header.Get("X-Auth-Token")
	if given == "" {
		given = req.Header.Get("X-Security-Token")
	}
	c.mu.Lock()
	good := given == c.current && time.Now().Before(c.ends)
	c.late++
	delay := c.spread * time.Duration(c.late%1000)
	c.mu.Unlock()
	if good {
		return answer(req, http.StatusOK, passphraseBody), nil
	}
	c.refused.Add(1)
	time.Sleep(delay)
	return answer(req, http.StatusUnauthorized, `{"error_code":"APIGW.0307","error_msg":"The token must be updated."}`), nil
}

func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// signers are the kinds that renew themselves, over the cloud.
func (c *cloud) signers() map[string]sms.Signer {
	return map[string]sms.Signer{
		"password": sms.PasswordToken(sms.PasswordConfig{Domain: "d", User: "u", Password: sms.NewSecret("hunter2hunter2")},
			sms.WithIAMEndpoint("https://iam.test"), sms.WithIAMHTTPClient(&http.Client{Transport: c})),
		"token source":   sms.TokenFrom(c),
		"temporary keys": sms.AccessKeyFrom(c),
	}
}

func (c *cloud) client(t *testing.T, signer sms.Signer) *sms.Client {
	t.Helper()
	client, err := sms.NewClient(mockEndpoint, signer, sms.WithHTTPClient(&http.Client{Transport: c}))
	require.NoError(t, err)
	return client
}
