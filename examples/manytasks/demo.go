package main

import (
	"fmt"
	"net/http"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// startDemo starts a service with eighteen of twenty tasks, where two requests meet
// a fault that passes.
func startDemo() (client *sms.Client, ids []string, end func(), err error) {
	service := smstest.NewServer()
	for i := range 20 {
		ids = append(ids, fmt.Sprintf("task-%02d", i+1))
		if i%10 != 6 {
			service.AddTask(ids[i])
		}
	}
	service.Fail("", smstest.Pass(), smstest.Status(http.StatusServiceUnavailable, ""), smstest.Pass(), smstest.Abort(0))
	client, err = service.Client()
	return client, ids, service.Close, err
}
