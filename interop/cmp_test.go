package interop

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"example.com/huaweicloud/sms"
)

// What a failed comparison of other people's tests shows of the models.
func TestTheDiffOfGoCmpShowsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "canary-of-a-private-key"
	diff := func(a, b any, opts ...cmp.Option) (text string) {
		defer func() {
			if r := recover(); r != nil { // it panics on unexported fields, and says on which
				text = fmt.Sprint(r)
			}
		}()
		return cmp.Diff(a, b, opts...)
	}
	secret, other := sms.NewSecret(canary), sms.NewSecret("another "+canary)
	exported := cmp.Exporter(func(reflect.Type) bool { return true })
	for _, pair := range [][2]any{
		{secret, other},
		{&sms.CertKey{Cert: "a", PrivateKey: secret}, &sms.CertKey{Cert: "b", PrivateKey: other}},
		{sms.Passphrase{Passphrase: secret}, sms.Passphrase{Passphrase: other}},
		{sms.KeyPair{PrivateKey: secret}, sms.KeyPair{PrivateKey: other}},
		{sms.AccessKey{ID: "a", Secret: secret}, sms.AccessKey{ID: "b", SecurityToken: other}},
		{sms.Token{Value: secret}, sms.Token{Value: other}},
		{sms.PasswordConfig{Password: secret}, sms.PasswordConfig{Password: other}},
	} {
		for _, opts := range [][]cmp.Option{nil, {exported}} {
			text := diff(pair[0], pair[1], opts...)
			assert.NotEmpty(t, text, "a probe that shows nothing proves nothing")
			assert.NotContains(t, text, canary)
		}
	}
	assert.Contains(t, diff(canary, ""), canary, "the probe finds a planted one")
}
