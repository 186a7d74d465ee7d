// Bare gets a token from IAM and makes one call, with net/http alone.
package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, iam, password, taskID string) error {
	login, err := http.NewRequestWithContext(ctx, http.MethodPost, iam+"/v3/auth/tokens?nocatalog=true", strings.NewReader(
		`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"user","password":"`+password+`","domain":{"name":"domain"}}}},`+
			`"scope":{"domain":{"name":"domain"}}}}`))
	if err != nil {
		return err
	}
	login.Header.Set("Content-Type", "application/json")
	token, err := do(login, http.StatusCreated)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v3/tasks/"+taskID+"/certkey?enable_ca_cert=true", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	_, err = do(req, http.StatusOK)
	return err
}

// do returns the token that came with the answer.
func do(req *http.Request, success int) (string, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != success {
		return "", errors.New(resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.Header.Get("X-Subject-Token"), err
}
