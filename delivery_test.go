package sms_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// Whatever an answer ends in, it is right or wrong however it was delivered: with
// a length over HTTP/1, where the last byte is read by itself, without one, or over HTTP/2.
func TestHowAnAnswerIsDeliveredDoesNotMatter(t *testing.T) {
	t.Parallel()
	const right = `{"task_id":"` + taskID + `","passphrase":"p}"}`
	bodies := []string{right, right + "\n", right + "\r\n ", "", "{", "}", " ", "{}", "{}}", right[:len(right)-1], right + "}", right + "{", right + ",", "\ufeff" + right}
	for c := range 256 {
		for back := 1; back <= 3; back++ {
			bodies = append(bodies, right[:len(right)-back]+string([]byte{byte(c)})+right[len(right)-back+1:])
		}
		bodies = append(bodies, right+string([]byte{byte(c)}), right+"\n"+string([]byte{byte(c)}))
	}
	deliveries := map[string]func(*http.Response){
		"HTTP/1 with a length":    func(*http.Response) {},
		"HTTP/1 without a length": func(resp *http.Response) { resp.ContentLength = -1 },
		"HTTP/2":                  func(resp *http.Response) { resp.ProtoMajor = 2 },
	}
	for name, deliver := range deliveries {
		for _, body := range bodies {
			var oracle struct {
				Passphrase *string `json:"passphrase"`
				TaskID     string  `json:"task_id"`
			}
			good := json.Unmarshal([]byte(body), &oracle) == nil && oracle.Passphrase != nil && (oracle.TaskID == "" || oracle.TaskID == taskID)
			client, err := sms.NewClient(mockEndpoint, sms.StaticToken(canaryToken), sms.WithHTTPClient(&http.Client{
				Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
					resp := answer(req, http.StatusOK, body)
					resp.Body = io.NopCloser(strings.NewReader(body))
					deliver(resp)
					return resp, nil
				}),
			}))
			require.NoError(t, err)
			got, err := client.ShowPassphrase(t.Context(), taskID)
			if (err == nil) != good || good && got.Passphrase.Reveal() != *oracle.Passphrase {
				t.Errorf("%s: %q: %v", name, body, err)
			}
			if err != nil {
				require.ErrorIs(t, err, sms.ErrInvalidResponse, "%s: %q", name, body)
			}
		}
	}
}
