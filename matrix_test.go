package sms_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

var printMatrix = flag.Bool("matrix", false, "print the table of the fault matrix")

// fault is one row of the matrix: what goes wrong, and what the caller then sees.
type fault struct {
	group, name string
	protocol    int                     // 1 or 2 where it strikes with that version of HTTP only
	server      func(c *cell)           // prepares the service; may be nil
	dial        func(n int) error       // fails the nth dial of the client, from 1; may be nil
	call        func(c *cell) error     // makes the call in place of c.call; may be nil
	want        error                   // nil: the right answer
	is          func(error) bool        // more that the error must be
	requests    int                     // that the service has seen
	patience    time.Duration           // MaxDelay of the retry policy; 0 for next to nothing
	check       func(*testing.T, *cell) // more that must hold; may be nil
}

// cell is a fault with one call, one way to authenticate and one version of HTTP.
type cell struct {
	t        *testing.T
	at       point
	srv      *smstest.Server
	client   *sms.Client
	op       string // of smstest
	material *sms.CertKey
	pass     *sms.Passphrase

	ctx     context.Context
	cancel  context.CancelFunc
	dials   atomic.Int64
	strays  atomic.Int64 // dials to where the service is not
	open    atomic.Int64 // connections
	idle    func()       // closes those that are idle
	wrote   atomic.Int64 // requests that were written to a connection
	log     bytes.Buffer
	logMu   sync.Mutex
	partial bool // an answer came with an error
	secrets []string
	sent    []string // those that a request carries
}

func (c *cell) Write(b []byte) (int, error) {
	c.logMu.Lock()
	defer c.logMu.Unlock()
	return c.log.Write(b)
}

// call makes the cell's call and holds the answer against the truth.
func (c *cell) call() error {
	trace := &httptrace.ClientTrace{WroteHeaders: func() { c.wrote.Add(1) }}
	ctx := httptrace.WithClientTrace(c.ctx, trace)
	if c.op == smstest.ShowCertKey {
		got, err := c.client.ShowCertKey(ctx, taskID)
		c.partial = c.partial || err != nil && got != nil
		if err == nil && !got.Equal(c.material) {
			c.t.Error("the answer is not the right one")
		}
		return err
	}
	got, err := c.client.ShowPassphrase(ctx, taskID)
	c.partial = c.partial || err != nil && got != nil
	if err == nil && !got.Equal(c.pass) {
		c.t.Error("the answer is not the right one")
	}
	return err
}

// attemptTimeout is what an attempt may take where nothing is to time out, and
// shortTimeout where something is.
const (
	attemptTimeout = 20 * time.Second
	shortTimeout   = 250 * time.Millisecond
)

// short is the end of a fault's name that asks for shortTimeout.
const short = " (time-out)"

// point is where in a fault's row a cell lies.
type point struct {
	op, auth string
	protocol int
}

func (f fault) points() []point {
	var all []point
	for _, op := range []string{smstest.ShowCertKey, smstest.ShowPassphrase} {
		for _, auth := range []string{"token", "AK/SK"} {
			for _, protocol := range []int{1, 2} {
				if f.protocol == 0 || f.protocol == protocol {
					all = append(all, point{op, auth, protocol})
				}
			}
		}
	}
	return all
}

func newCell(t *testing.T, f fault, at point) *cell {
	t.Helper()
	opts := []smstest.Option{smstest.WithMaterial(smstest.Material{Key: smstest.P256})}
	if at.protocol == 1 {
		opts = append(opts, smstest.WithHTTP1())
	}
	c := &cell{t: t, at: at, srv: smstest.NewServer(opts...), op: at.op}
	t.Cleanup(c.srv.Close)
	c.material, c.pass = c.srv.AddTask(taskID)
	c.ctx, c.cancel = context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(c.cancel)

	key := c.srv.NewTemporaryKey()
	signer, sent := sms.StaticToken(c.srv.Token()), []string{c.srv.Token()}
	if at.auth == "AK/SK" {
		signer, sent = sms.StaticAccessKey(key), []string{key.ID, key.Secret.Reveal(), key.SecurityToken.Reveal()}
	}
	c.sent = sent
	c.secrets = append([]string{
		c.pass.Passphrase.Reveal(), keyLine(c.material.PrivateKey),
		keyLine(c.material.TargetMgmtPrivateKey), keyLine(c.material.TargetDataPrivateKey),
	}, sent...)
	transport := c.transport(f)
	c.idle = transport.CloseIdleConnections
	t.Cleanup(c.idle)
	timeout := attemptTimeout
	if strings.HasSuffix(f.name, short) {
		timeout = shortTimeout
	}
	var err error
	c.client, err = sms.NewClient(c.srv.Endpoint(), signer,
		sms.WithHTTPClient(&http.Client{Transport: transport}),
		sms.WithTimeout(timeout),
		sms.WithRetry(sms.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: max(f.patience, 2*time.Millisecond)}),
		sms.WithMaxResponseSize(256<<10),
		sms.WithLogger(slog.New(slog.NewTextHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	)
	assert.NoError(t, err)
	if f.server != nil {
		f.server(c)
	}
	return c
}

// keyLine is a line from the middle of a PEM text.
func keyLine(key sms.Secret) string { return strings.Split(key.Reveal(), "\n")[1] }

// transport is the user's own, whose dials the fault may fail. It counts those to
// anywhere but the service.
func (c *cell) transport(f fault) *http.Transport {
	host := strings.TrimPrefix(c.srv.Endpoint(), "https://")
	return &http.Transport{
		TLSClientConfig:        &tls.Config{RootCAs: c.srv.CertPool()},
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 256 << 10,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			n := int(c.dials.Add(1))
			if address != host {
				c.strays.Add(1)
			}
			if f.dial != nil {
				if err := f.dial(n); err != nil {
					if err == errBlackHole { //nolint:errorlint // it is ours
						<-ctx.Done()
						err = ctx.Err()
					}
					return nil, &net.OpError{Op: "dial", Net: network, Err: err}
				}
			}
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c.open.Add(1)
			return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { c.open.Add(-1) })}, nil
		},
	}
}

// countedConn tells when it is closed.
type countedConn struct {
	net.Conn

	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// verdict runs the cell and checks everything that must hold of it.
func (c *cell) verdict(f fault) {
	t := c.t
	before := len(c.srv.RequestsFor(c.op))
	call := f.call
	if call == nil {
		call = (*cell).call
	}
	err := call(c)
	switch {
	case f.want == nil && err != nil,
		f.want == errAny && err == nil,                               //nolint:errorlint // it stands for any
		f.want != nil && f.want != errAny && !errors.Is(err, f.want), //nolint:errorlint // as above
		f.is != nil && !f.is(err):
		t.Errorf("%v: want %v, got %v", c.at, f.want, err)
	}
	assert.Len(t, c.srv.RequestsFor(c.op)[before:], f.requests, "%v: requests that the service has seen (%v)", c.at, err)
	assert.False(t, c.partial, "%v: an answer came with an error", c.at)
	assert.Zero(t, c.strays.Load(), "%v: something was sent elsewhere", c.at)
	c.logMu.Lock()
	shown := c.log.String()
	c.logMu.Unlock()
	for e := err; e != nil; e = unwrap(e) {
		shown += fmt.Sprintf("%v %+v %#v\n", e, e, e)
	}
	for i, secret := range c.secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
			if strings.Contains(shown, form) {
				t.Errorf("%v: secret %d is shown", c.at, i)
			}
		}
	}
	assert.Eventually(t, func() bool { c.idle(); return c.open.Load() == 0 }, 10*time.Second, 5*time.Millisecond,
		"%v: a connection is neither idle nor closed", c.at)
	if f.check != nil {
		f.check(t, c)
	}
}

// unwrap goes down a chain, into the first of several causes.
func unwrap(err error) error {
	switch e := err.(type) { //nolint:errorlint // it walks the chain itself
	case interface{ Unwrap() error }:
		return e.Unwrap()
	case interface{ Unwrap() []error }:
		return e.Unwrap()[0]
	default:
		return nil
	}
}

// TestMatrix is not parallel: nothing else must open files or start goroutines
// while it looks for those that are left.
func TestMatrix(t *testing.T) {
	faults := faults()
	goroutines, descriptors := runtime.NumGoroutine(), openFiles()
	var logged bytes.Buffer // by net/http, which quotes what arrives unasked
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	cells, total := map[string]int{}, 0
	t.Run("cells", func(t *testing.T) {
		for _, f := range faults {
			points := f.points()
			cells[f.group+f.name] = len(points)
			total += len(points)
			t.Run(f.group+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				var running sync.WaitGroup
				defer running.Wait()
				for _, at := range points { // together: most of them wait for something
					running.Go(func() { newCell(t, f, at).verdict(f) })
				}
			})
		}
	})
	assert.Empty(t, logged.String(), "something was logged behind our back")
	t.Logf("%d faults, %d cells", len(faults), total)
	assert.Eventually(t, func() bool { return openFiles() <= descriptors }, 20*time.Second, 10*time.Millisecond, "file descriptors are left")
	if !assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, 20*time.Second, 10*time.Millisecond, "goroutines are left") { // one more is the condition's own
		stacks := make([]byte, 1<<20)
		t.Logf("%s", stacks[:runtime.Stack(stacks, true)])
	}
	if *printMatrix {
		fmt.Printf("%-12s %-48s %5s  %-8s %s\n", "", "fault", "cells", "requests", "outcome")
		for _, f := range faults {
			fmt.Printf("%-12s %-48s %5d  %8d %s\n", f.group, f.name, cells[f.group+f.name], f.requests, outcome(f))
		}
		fmt.Printf("%d faults, %d cells, all as expected: %v\n", len(faults), total, !t.Failed())
	}
}

func outcome(f fault) string {
	if f.want == nil {
		return "the right answer"
	}
	return strings.TrimPrefix(f.want.Error(), "sms: ")
}

// openFiles counts this process's file descriptors, where the system tells.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// sorted is for rows that are made from a map.
func sorted[T any](rows map[string]T) []string {
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
