package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// A remote is the server, in a process of its own. It ends with this one.
type remote struct {
	HTTP1, HTTP2 string // endpoints
	IAM          string // another, for those who log in
	Control      string // where opened connections are counted
	CA           string // file with the certificate to trust
	Sizes        map[string]int

	stop func()
}

// slowTask makes the server think for a while, so that many calls are under way at once.
const (
	slowTask  = "00000000-0000-4000-8000-00000000510e"
	slowDelay = 200 * time.Millisecond
)

// startRemote starts the server and makes this process and its children trust it.
func startRemote(ctx context.Context) (*remote, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "serve", filepath.Join(dir, "ca.pem"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &remote{stop: func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	if err := json.Unmarshal(line, r); err != nil {
		r.stop()
		return nil, err
	}
	// Both read the trusted roots on their first handshake; the official SDK keeps a file in the home folder.
	return r, errors.Join(os.Setenv("SSL_CERT_FILE", r.CA), os.Setenv("HOME", dir))
}

// connections returns how many connections have been opened so far.
func (r *remote) connections(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Control, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(body))
}

// serve is the server's process. It ends when its standard input does.
func serve(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: bench serve CA-FILE")
	}
	answers, err := newBodies()
	if err != nil {
		return err
	}
	answers[slowTask+"/certkey"] = answers[taskLarge+"/certkey"]
	cert, err := serverCertificate(args[0])
	if err != nil {
		return err
	}
	var opened atomic.Int64
	r := remote{CA: args[0], Sizes: map[string]int{}}
	for path, body := range answers {
		r.Sizes[path] = len(body)
	}
	if r.HTTP1, err = listen(ctx, cert, "http/1.1", answers, &opened); err != nil {
		return err
	}
	if r.IAM, err = listen(ctx, cert, "http/1.1", answers, &opened); err != nil {
		return err
	}
	if r.HTTP2, err = listen(ctx, cert, "h2", answers, &opened); err != nil {
		return err
	}
	control, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.Control = "http://" + control.Addr().String()
	go func() {
		_ = (&http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, opened.Load())
		})}).Serve(control)
	}()
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// listen serves answers over TLS at a loopback port. A server with HTTP/2 speaks
// HTTP/1.1 too, to those who want it.
func listen(ctx context.Context, cert tls.Certificate, protocol string, answers bodies, opened *atomic.Int64) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(protocol == "h2")
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Protocols:         protocols,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		},
		Handler: http.HandlerFunc(answers.serve),
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return "https://" + listener.Addr().String(), nil
}

// serve plays SMS and, for those who log in, IAM.
func (b bodies) serve(w http.ResponseWriter, r *http.Request) {
	status, body := http.StatusOK, b.forPath(r.URL.Path)
	switch r.URL.Path {
	case "/v3/auth/tokens":
		w.Header().Set("X-Subject-Token", token())
		status, body = http.StatusCreated, []byte(`{"token":{"expires_at":"`+time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339)+`"}}`)
	case "/v3/auth/domains":
		body = []byte(`{"domains":[{"id":"` + domainID + `","name":"domain"}]}`)
	case "/v3/tasks/" + slowTask + "/certkey":
		time.Sleep(slowDelay)
	}
	if body == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Request-Id", "0123456789abcdef0123456789abcdef")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// serverCertificate makes the certificate of 127.0.0.1 and writes it to file.
func serverCertificate(file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.WriteFile(file, encoded, 0o600)
}
