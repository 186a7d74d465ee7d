// Bare makes the same two calls with net/http and encoding/json alone: what a
// program weighs that needs no library.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, token, taskID string) error {
	var material struct {
		Cert       string `json:"cert"`
		PrivateKey string `json:"private_key"`
		CA         string `json:"ca"`
	}
	if err := get(ctx, endpoint+"/v3/tasks/"+taskID+"/certkey?enable_ca_cert=true", token, &material); err != nil {
		return err
	}
	var passphrase struct {
		Passphrase string `json:"passphrase"`
	}
	return get(ctx, endpoint+"/v3/tasks/"+taskID+"/passphrase", token, &passphrase)
}

func get(ctx context.Context, url, token string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
