package sms_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

type callKey struct{}

// What serves one call after another, requests and buffers, takes nothing of one
// into the next: not when calls fail, are cancelled or panic in the caller's transport.
func TestNothingOfACallShowsInAnother(t *testing.T) {
	t.Parallel()
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		id, _ := req.Context().Value(callKey{}).(string)
		want := "/base/v3/tasks/" + id + "/passphrase"
		if req.URL.Path != want || req.URL.RawQuery != "" || len(req.Header) != 5 {
			t.Errorf("call %s sends %s %v", id, req.URL, len(req.Header))
		}
		switch rand.N(6) {
		case 0:
			panic("the transport of " + id)
		case 1:
			return nil, context.DeadlineExceeded
		case 2:
			<-req.Context().Done()
			return nil, req.Context().Err()
		case 3:
			return answer(req, http.StatusServiceUnavailable, `{"error_code":"SMS.1","error_msg":"`+id+`"}`), nil
		default:
			return answer(req, http.StatusOK, `{"task_id":"`+id+`","passphrase":"`+id+strings.Repeat("x", rand.N(4000))+`"}`), nil
		}
	})
	client, err := sms.NewClient(mockEndpoint, sms.StaticToken("token"), sms.WithHTTPClient(&http.Client{Transport: transport}),
		sms.WithRetry(sms.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Microsecond}))
	require.NoError(t, err)
	call := func(id string) {
		defer func() {
			if p := recover(); p != nil {
				assert.Equal(t, "the transport of "+id, p)
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), callKey{}, id), time.Millisecond)
		defer cancel()
		if pass, err := client.ShowPassphrase(ctx, id); err == nil {
			assert.True(t, strings.HasPrefix(pass.Passphrase.Reveal(), id) && strings.Trim(pass.Passphrase.Reveal()[len(id):], "x") == "")
		}
	}
	var all sync.WaitGroup
	for g := range 50 {
		all.Go(func() {
			for i := range 100 {
				call(fmt.Sprintf("g%d-i%d-", g, i))
			}
		})
	}
	all.Wait()
}
