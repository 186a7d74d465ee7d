package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	official "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sms/v3/model"

	"example.com/huaweicloud/sms"
)

const (
	oursName     = "ours"
	officialName = "official"
	limitName    = "limit"
)

const (
	byToken     = "token"
	byAccessKey = "AK/SK"
)

// credentials of the size that real ones have. The server does not check them.
const (
	accessKey = "AKAKAKAKAKAKAKAKAKAK"
	secretKey = "SKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSKSK"
	domainID  = "0123456789abcdef0123456789abcdef"
)

func token() string { return strings.Repeat("MIIa", 512) }

// target is where a contender sends to: over transport where that is not nil,
// over what it makes by itself where it is.
type target struct {
	endpoint  string
	transport http.RoundTripper
}

// contender makes either call once. Both are safe for concurrent use.
type contender struct {
	name           string
	showCertKey    func(ctx context.Context, task string) error
	showPassphrase func(ctx context.Context, task string) error
}

// newContender returns a contender by its name. The official SDK knows AK/SK
// only, so that it signs in either case.
func newContender(name string, to target, auth string) (contender, error) {
	switch name {
	case oursName:
		return newOurs(to, auth)
	case officialName:
		return newOfficial(to)
	case limitName:
		return newLimit(to, auth), nil
	default:
		return contender{}, fmt.Errorf("no contender %q", name)
	}
}

func newOurs(to target, auth string) (contender, error) {
	signer := sms.StaticToken(token())
	if auth == byAccessKey {
		signer = sms.StaticAccessKey(sms.AccessKey{ID: accessKey, Secret: sms.NewSecret(secretKey), DomainID: domainID})
	}
	var opts []sms.Option
	if to.transport != nil {
		opts = append(opts, sms.WithHTTPClient(&http.Client{Transport: to.transport}))
	}
	client, err := sms.NewClient(to.endpoint, signer, opts...)
	if err != nil {
		return contender{}, err
	}
	return contender{
		name:           oursName,
		showCertKey:    func(ctx context.Context, task string) error { _, err := client.ShowCertKey(ctx, task); return err },
		showPassphrase: func(ctx context.Context, task string) error { _, err := client.ShowPassphrase(ctx, task); return err },
	}, nil
}

func newOfficial(to target) (contender, error) {
	credential, err := global.NewCredentialsBuilder().WithAk(accessKey).WithSk(secretKey).WithDomainId(domainID).SafeBuild()
	if err != nil {
		return contender{}, err
	}
	conf := config.DefaultHttpConfig()
	if to.transport != nil {
		conf = conf.WithHttpRoundTripper(to.transport)
	}
	hc, err := official.SmsClientBuilder().WithCredentialsType("global.Credentials").WithEndpoint(to.endpoint).
		WithCredential(credential).WithHttpConfig(conf).SafeBuild()
	if err != nil {
		return contender{}, err
	}
	client := official.NewSmsClient(hc)
	enable := true
	return contender{
		name: officialName,
		showCertKey: func(_ context.Context, task string) error {
			got, err := client.ShowCertKey(&model.ShowCertKeyRequest{TaskId: task, EnableCaCert: &enable})
			return complete(err, err == nil && got.PrivateKey != nil)
		},
		showPassphrase: func(_ context.Context, task string) error {
			got, err := client.ShowPassphrase(&model.ShowPassphraseRequest{TaskId: task})
			return complete(err, err == nil && got.Passphrase != nil)
		},
	}, nil
}

func complete(err error, whole bool) error {
	if err == nil && !whole {
		return fmt.Errorf("the answer is not whole")
	}
	return err
}

// newLimit sends the same headers, made once, and reads the body into a buffer
// that is there already.
func newLimit(to target, auth string) contender {
	client := &http.Client{
		Transport:     to.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if to.transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // nobody has replaced it
		own.MaxConnsPerHost, own.MaxIdleConnsPerHost = 64, 64
		client.Transport = own
	}
	header := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "Content-Type": {"application/json"},
		"User-Agent": {"huaweicloud-sms-go/0.1.0 (go1.26; linux/amd64)"},
	}
	if auth == byToken {
		header["X-Auth-Token"] = []string{token()}
	} else {
		header["X-Domain-Id"] = []string{domainID}
		header["X-Sdk-Date"] = []string{"20060102T150405Z"}
		header["Authorization"] = []string{"SDK-HMAC-SHA256 Access=" + accessKey +
			", SignedHeaders=host;x-domain-id;x-sdk-date, Signature=" + strings.Repeat("0", 64)}
	}
	buffers := sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 64<<10)) }}
	get := func(ctx context.Context, url string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		req.Header = header.Clone()
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		buffer := buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is in the pool
		defer buffers.Put(buffer)
		buffer.Reset()
		_, err = buffer.ReadFrom(resp.Body)
		return complete(err, resp.StatusCode == http.StatusOK && buffer.Len() > 0)
	}
	return contender{
		name: limitName,
		showCertKey: func(ctx context.Context, task string) error {
			return get(ctx, to.endpoint+"/v3/tasks/"+task+"/certkey?enable_ca_cert=true")
		},
		showPassphrase: func(ctx context.Context, task string) error {
			return get(ctx, to.endpoint+"/v3/tasks/"+task+"/passphrase")
		},
	}
}

// inMemory is a transport that costs next to nothing: it answers at once.
type inMemory struct{ answers bodies }

func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	body := m.answers.forPath(req.URL.Path)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"0123456789abcdef0123456789abcdef"}},
		Body:   io.NopCloser(bytes.NewReader(body)),
	}, nil
}
