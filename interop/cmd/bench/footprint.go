package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// weight is what a contender costs beside time.
type weight struct {
	Binary     int64   `json:"binary_bytes"` // stripped
	Modules    int     `json:"modules"`      // beside the standard library and the contender
	Packages   int     `json:"packages"`     // beside the standard library
	Build      float64 `json:"build_user_s,omitempty"`
	Start      spread  `json:"start_ms"` // process start to the end of the first call
	Login      spread  `json:"login_ms"` // the same, with what comes from IAM before it
	HTTP1      int     `json:"connections_http1"`
	HTTP2      int     `json:"connections_http2"`
	Peak       int64   `json:"peak_rss_bytes"` // at 1,000 calls at once
	HeapBefore uint64  `json:"heap_after_1000"`
	HeapAfter  uint64  `json:"heap_after_11000"`
}

type footprintReport struct {
	Machine machine           `json:"machine"`
	Weights map[string]weight `json:"weights"`
}

// programs are the smallest two-call programs, by contender.
func programs() map[string]string {
	return map[string]string{
		oursName:     "example.com/huaweicloud/sms/internal/footprint",
		officialName: "example.com/huaweicloud/sms/interop/footprint/official",
		limitName:    "example.com/huaweicloud/sms/interop/footprint/bare",
	}
}

// logins are programs that ask IAM first, by contender.
func logins() map[string]string {
	return map[string]string{
		oursName:     "example.com/huaweicloud/sms/interop/footprint/login/ours",
		officialName: "example.com/huaweicloud/sms/interop/footprint/login/official",
		limitName:    "example.com/huaweicloud/sms/interop/footprint/login/bare",
	}
}

// footprint weighs the contenders. It wants to be started in the folder of the
// module interop.
func footprint(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("footprint", flag.ContinueOnError)
	build := flags.Bool("build", false, "also measure builds with an empty cache, a minute or two each")
	out := flags.String("out", "", "also write the figures to this JSON file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server, err := startRemote(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	dir, err := os.MkdirTemp("", "footprint")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	done := footprintReport{Machine: thisMachine(), Weights: map[string]weight{}}
	for name, program := range programs() {
		fmt.Fprintln(os.Stderr, name)
		w := weigher{server: server, name: name, program: program, binary: filepath.Join(dir, name)}
		if err := errors.Join(w.build(ctx, *build), w.graph(ctx), w.start(ctx), w.connections(ctx), w.peak(ctx), w.heap(ctx)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		done.Weights[name] = w.weight
	}
	if *out != "" {
		if err := writeJSON(*out, done); err != nil {
			return err
		}
	}
	writeFootprintTable(os.Stdout, done)
	return nil
}

// weigher fills in the weight of one contender.
type weigher struct {
	weight
	server                *remote
	name, program, binary string
}

// build makes the stripped binary; with clean set, into an empty cache.
func (w *weigher) build(ctx context.Context, clean bool) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", w.binary, w.program)
	if clean {
		cmd.Env = append(os.Environ(), "GOCACHE="+w.binary+".cache")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	if clean {
		w.Build = cmd.ProcessState.UserTime().Seconds()
	}
	info, err := os.Stat(w.binary)
	if err != nil {
		return err
	}
	w.Binary = info.Size()
	return nil
}

// graph counts the modules and packages that are neither the standard library's
// nor the program's own.
func (w *weigher) graph(ctx context.Context) error {
	list, err := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", w.program).Output()
	if err != nil {
		return err
	}
	modules := map[string]bool{}
	for path := range strings.FieldsSeq(string(list)) {
		w.Packages++
		modules[path] = true
	}
	w.Packages-- // the program
	own, _, _ := strings.Cut(w.program, "/internal/")
	own, _, _ = strings.Cut(own, "/footprint/")
	delete(modules, own)
	delete(modules, "github.com/huaweicloud/huaweicloud-sdk-go-v3") // what is weighed itself
	w.Modules = len(modules)
	return nil
}

// start measures from the start of the process to the end of its calls: of both,
// and of one that asks IAM first.
func (w *weigher) start(ctx context.Context) (err error) {
	login := w.binary + "-login"
	if text, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", login, logins()[w.name]).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	if w.Start, err = timed(ctx, w.binary, w.server.HTTP1, token(), taskSmall); err != nil {
		return err
	}
	w.Login, err = timed(ctx, login, w.server.HTTP1, w.server.IAM, "password", taskSmall)
	return err
}

// timed runs a program often and measures how long it takes.
func timed(ctx context.Context, program string, args ...string) (spread, error) {
	var took []float64
	for range 21 {
		begin := time.Now()
		if text, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
			return spread{}, fmt.Errorf("%w: %s", err, text)
		}
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
	}
	return newSpread(took), nil
}

// connections counts what 64 goroutines of 50 calls open.
func (w *weigher) connections(ctx context.Context) error {
	for endpoint, count := range map[string]*int{w.server.HTTP1: &w.HTTP1, w.server.HTTP2: &w.HTTP2} {
		c, err := newContender(w.name, target{endpoint: endpoint}, byAccessKey)
		if err != nil {
			return err
		}
		before, err := w.server.connections(ctx)
		if err != nil {
			return err
		}
		if err := together(64, 50, func() error { return c.showCertKey(ctx, taskSmall) }); err != nil {
			return err
		}
		after, err := w.server.connections(ctx)
		if err != nil {
			return err
		}
		*count = after - before
	}
	return nil
}

// peak runs 1,000 calls at once in a process of its own and asks how much memory
// that had at most.
func (w *weigher) peak(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := exec.CommandContext(ctx, self, "concurrent", w.name, w.server.HTTP2).Output()
	if err != nil {
		return err
	}
	w.Peak, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return err
}

// concurrent is the process of peak: it prints the bytes that it had resident at
// most.
func concurrent(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bench concurrent CONTENDER ENDPOINT")
	}
	c, err := newContender(args[0], target{endpoint: args[1]}, byAccessKey)
	if err != nil {
		return err
	}
	if err := together(1000, 1, func() error { return c.showCertKey(ctx, slowTask) }); err != nil {
		return err
	}
	bytes, err := peakMemory()
	if err != nil {
		return err
	}
	fmt.Println(bytes)
	return nil
}

// peakMemory reads what Linux says of this process.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("the system does not say how much memory was used")
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kilobytes << 10, err
}

// heap compares the live heap after 1,000 calls and after 10,000 more.
func (w *weigher) heap(ctx context.Context) error {
	c, err := newContender(w.name, target{endpoint: w.server.HTTP1}, byAccessKey)
	if err != nil {
		return err
	}
	call := func() error { return c.showCertKey(ctx, taskSmall) }
	if err := together(8, 125, call); err != nil {
		return err
	}
	w.HeapBefore = liveHeap()
	if err := together(8, 1250, call); err != nil {
		return err
	}
	w.HeapAfter = liveHeap()
	return nil
}

// together calls f from many goroutines, each times times.
func together(goroutines, times int, f func() error) error {
	failed := make(chan error, goroutines)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range times {
				if err := f(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

// liveHeap returns the bytes that are still in use after a collection. The second
// one empties what the first left in pools.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
