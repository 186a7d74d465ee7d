package smstest

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"example.com/huaweicloud/sms"
)

// Option changes what NewServer starts.
type Option func(*options)

type options struct {
	now                func() time.Time
	addresses          map[Service]string
	basePath           string
	material           Material
	key                sms.AccessKey
	http1              bool
	requireContentType bool
	tokenLifetime      time.Duration
	keyLifetime        time.Duration
	tokenLength        int
}

func defaults() options {
	return options{
		now:           time.Now,
		addresses:     map[Service]string{},
		key:           newAccessKey(newID()),
		tokenLifetime: 24 * time.Hour,
		keyLifetime:   time.Hour,
		tokenLength:   512,
	}
}

// WithAddress makes a service listen on address, "host:port", in place of a free
// port of the loopback interface. The host is added to the names in the certificate; without
// one it listens on all interfaces, and Endpoint names localhost.
// It panics for what is no service, and NewServer for an address that cannot be listened on.
func WithAddress(service Service, address string) Option {
	checkService(service)
	return func(o *options) { o.addresses[service] = address }
}

// WithBasePath puts the API of SMS under a path, such as "/gateway", which
// Endpoint then ends in. What is outside of it is not found. "" and "/" are none. It
// panics for what would have to be escaped in a URL.
func WithBasePath(path string) Option {
	if escaped := (&url.URL{Path: path}).EscapedPath(); escaped != path {
		misuse("WithBasePath wants a path that needs no escapes, not %q", path)
	}
	return func(o *options) {
		if o.basePath = strings.Trim(path, "/"); o.basePath != "" {
			o.basePath = "/" + o.basePath
		}
	}
}

// WithMaterial sets how AddTask makes certificates and keys.
func WithMaterial(m Material) Option {
	return func(o *options) { o.material = m }
}

// WithAccessKey makes the server know key in place of one of its own. Without a
// DomainID it belongs to an account with a new one. It panics without ID or Secret.
func WithAccessKey(key sms.AccessKey) Option {
	if key.ID == "" || key.Secret.IsZero() {
		misuse("WithAccessKey wants a key with ID and Secret")
	}
	return func(o *options) {
		key.DomainID = cmp.Or(key.DomainID, o.key.DomainID)
		o.key = key
	}
}

// WithHTTP1 turns HTTP/2 off.
func WithHTTP1() Option {
	return func(o *options) { o.http1 = true }
}

// WithRequiredContentType refuses requests whose Content-Type is not
// application/json, GETs included: 401 with SMS.2005 where it is missing and SMS.2006 where
// it is another. Gateways have done so.
func WithRequiredContentType() Option {
	return func(o *options) { o.requireContentType = true }
}

// WithTokenLength sets how many characters tokens have: 512 by default, 32 at
// least. The service documents 1 to 16,384.
func WithTokenLength(characters int) Option {
	return func(o *options) { o.tokenLength = characters }
}
