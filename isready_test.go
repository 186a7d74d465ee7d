package sms_test

import (
	"testing"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// What documents show as the test of a user's service, isReady.

func TestIsReady(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer() // HTTPS on a loopback port; srv.Client trusts it and has a token
	defer srv.Close()
	srv.AddTask("task-1")
	client, err := srv.Client(sms.WithRetry(sms.RetryPolicy{MaxDelay: time.Millisecond})) // waits are real ones
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		task   string
		faults []smstest.Fault // what the next requests meet with
		want   string
	}{
		{"task-1", nil, "ready"},
		{"task-2", nil, "no such task"},
		{"task-1", []smstest.Fault{smstest.Status(503, ""), smstest.Abort(0)}, "ready"}, // the third attempt succeeds
		{"task-1", []smstest.Fault{smstest.Status(403, "")}, "ask again later"},         // which is not tried again
	} {
		srv.Fail(smstest.ShowPassphrase, test.faults...)
		if got := isReady(t.Context(), client, test.task); got != test.want {
			t.Errorf("%s: %s instead of %s", test.task, got, test.want)
		}
	}
}
