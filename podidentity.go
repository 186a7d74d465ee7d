package sms

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	opShowPodIdentity  = "ShowPodIdentity"
	podIdentityTimeout = 10 * time.Second
)

// PodIdentity returns the temporary keys of the identity of the pod that the
// program runs in, for AccessKeyFrom.
//
// Endpoint is the URL that the pod is given in HC_CONTAINER_CREDENTIALS_FULL_URI:
// https, or plain http on a link-local or loopback IP address. TokenFile is the file that
// HC_CONTAINER_AUTHORIZATION_TOKEN_FILE names: it is read anew each time, as it
// rotates, and sent as Authorization; white space at its ends is dropped, and more
// than 64 KiB are refused. An attempt is bounded by 10 seconds; no proxy is used and no
// redirect followed. A failure of the service is an *APIError whose Operation is "ShowPodIdentity".
// Another endpoint and an empty tokenFile are ErrInvalidArgument in NewClient. Source: the
// credentials of the official Go SDK, https://github.com/huaweicloud/huaweicloud-sdk-go-v3, core/auth.
func PodIdentity(endpoint, tokenFile string) AccessKeySource {
	_, err := checkLocalEndpoint("the pod identity's endpoint", endpoint)
	if tokenFile == "" {
		err = errors.Join(err, invalidArgument("PodIdentity needs the file that holds the pod's token"))
	}
	if err != nil {
		return &keyService{err: err}
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return &keyService{err: err}
	}
	target := cmp.Or(u.EscapedPath(), "/")
	u.Path, u.RawPath = "", ""
	return &keyService{
		pipeline: localPipeline(u.String(), anonymous{}, podIdentityTimeout),
		request: func(context.Context) (call, error) {
			token, err := readTokenFile("the pod's token file", tokenFile)
			return call{
				operation: opShowPodIdentity, method: http.MethodPost, target: target, body: []byte("{}"),
				header: http.Header{"Authorization": {token}}, secrets: []string{token},
			}, err
		},
	}
}
