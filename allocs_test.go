//go:build !race

package sms_test

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/internal/wire"
)

// TestAllocations bounds what a call allocates, eight of them by the transport.
// The race detector allocates by itself, so it is left out there.
func TestAllocations(t *testing.T) { //nolint:paralleltest // other tests' allocations would count
	certKey, err := json.Marshal(benchmarkCertKey())
	require.NoError(t, err)
	passphrase, err := json.Marshal(wire.Passphrase{TaskID: taskID, Passphrase: "p"})
	require.NoError(t, err)
	for name, bounds := range map[string]struct{ certKey, passphrase float64 }{
		"token": {54, 46},
		"aksk":  {58, 49},
	} {
		client := func(body []byte) *sms.Client {
			c, err := sms.NewClient(mockEndpoint, benchmarkSigners()[name], sms.WithHTTPClient(&http.Client{Transport: inMemory(body)}))
			require.NoError(t, err)
			return c
		}
		ofCertKey, ofPassphrase := client(certKey), client(passphrase)
		assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
			_, err := ofCertKey.ShowCertKey(t.Context(), taskID)
			assert.NoError(t, err)
		}), bounds.certKey, "ShowCertKey by %s", name)
		assert.LessOrEqual(t, testing.AllocsPerRun(200, func() {
			_, err := ofPassphrase.ShowPassphrase(t.Context(), taskID)
			assert.NoError(t, err)
		}), bounds.passphrase, "ShowPassphrase by %s", name)
	}
}
