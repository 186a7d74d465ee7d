package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// output runs f with a file to write to and returns what it wrote.
func output(t *testing.T, f func(out *os.File)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out")
	file, err := os.Create(name)
	require.NoError(t, err)
	f(file)
	require.NoError(t, file.Close())
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := output(t, func(out *os.File) {
		require.ErrorContains(t, run(t.Context(), []string{"-demo", "-out", dir}, nil, out), "2 of 20 tasks are missing")
	})
	assert.Contains(t, text, "18 saved, 0 were there already, 2 failed, 0 not tried\n  task-07: ")
	assert.Contains(t, text, "20/20 task-", "a line a task, as this is no terminal")
}

func TestARunGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	service := smstest.NewServer()
	t.Cleanup(service.Close)
	ids := []string{"a", "b", "c", "d", "e", "f"}
	for _, id := range ids {
		service.AddTask(id)
	}
	client, err := service.Client(sms.WithRetry(sms.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	ctx, interrupt := context.WithCancel(t.Context())
	f := fetcher{client: client, dir: t.TempDir(), parallel: 1, progress: after{2, interrupt, new(int)}}

	assert.Equal(t, []outcome{saved, saved, notTried, notTried, notTried, notTried}, outcomes(f.fetchAll(ctx, ids)))

	service.Fail(smstest.ShowPassphrase, smstest.Status(http.StatusInternalServerError, ""))
	f.progress = after{-1, nil, new(int)}
	assert.Equal(t, []outcome{kept, kept, failed, saved, saved, saved}, outcomes(f.fetchAll(t.Context(), ids)))
	_, err = os.Stat(filepath.Join(f.dir, "c"))
	require.ErrorIs(t, err, os.ErrNotExist, "what failed leaves nothing behind")

	assert.Equal(t, []outcome{kept, kept, saved, kept, kept, kept}, outcomes(f.fetchAll(t.Context(), ids)))
	for _, id := range ids {
		_, _, err := sms.LoadFiles(filepath.Join(f.dir, id))
		require.NoError(t, err)
	}
}

func TestSavedWithoutAPassphraseIsFetchedAnewForOne(t *testing.T) {
	t.Parallel()
	service := smstest.NewServer()
	t.Cleanup(service.Close)
	service.AddTask("a")
	client, err := service.Client()
	require.NoError(t, err)
	f := fetcher{client: client, dir: t.TempDir(), parallel: 1, progress: after{-1, nil, new(int)}}
	assert.Equal(t, []outcome{saved}, outcomes(f.fetchAll(t.Context(), []string{"a"})))
	f.withPass = true
	assert.Equal(t, []outcome{saved}, outcomes(f.fetchAll(t.Context(), []string{"a"})))
	assert.Equal(t, []outcome{kept}, outcomes(f.fetchAll(t.Context(), []string{"a"})))
	_, pass, err := sms.LoadFiles(filepath.Join(f.dir, "a"))
	require.NoError(t, err)
	assert.False(t, pass.IsZero())
}

func TestWhatIsNoTaskIDIsQuotedAndFails(t *testing.T) {
	t.Parallel()
	f := fetcher{dir: t.TempDir(), parallel: 1, progress: after{-1, nil, new(int)}}
	for _, id := range []string{"a/../b", "..", ".", "\x1b[2J", "a b", strings.Repeat("a", 256)} {
		got := f.fetchAll(t.Context(), []string{id})[0]
		assert.Equal(t, failed, got.outcome, id)
		assert.True(t, strings.HasPrefix(got.id, `"`), got.id)
		assert.NotContains(t, got.id, "\x1b")
	}
}

// after interrupts once so many tasks are done.
type after struct {
	count     int
	interrupt func()
	seen      *int
}

func (a after) done(result) {
	if *a.seen++; *a.seen == a.count {
		a.interrupt()
	}
}
func (after) end() {}

func outcomes(results []result) []outcome {
	var all []outcome
	for _, r := range results {
		all = append(all, r.outcome)
	}
	return all
}

func TestNoMoreThanParallelAtATime(t *testing.T) {
	t.Parallel()
	service := smstest.NewServer()
	t.Cleanup(service.Close)
	var ids []string
	for i := range 24 {
		ids = append(ids, strings.Repeat("x", i+1))
		service.AddTask(ids[i])
	}
	service.FailAlways("", smstest.Delay(5*time.Millisecond))
	gauge := &gauge{base: service.HTTPClient().Transport}
	client, err := service.Client(sms.WithHTTPClient(&http.Client{Transport: gauge}))
	require.NoError(t, err)
	f := fetcher{client: client, dir: t.TempDir(), parallel: 3, progress: &lines{out: io.Discard, total: len(ids)}}
	for _, r := range f.fetchAll(t.Context(), ids) {
		require.Equal(t, saved, r.outcome, r.err)
	}
	assert.EqualValues(t, 3, gauge.most.Load())
}

// gauge sees how many requests are under way at most.
type gauge struct {
	base      http.RoundTripper
	now, most atomic.Int64
}

func (g *gauge) RoundTrip(req *http.Request) (*http.Response, error) {
	now := g.now.Add(1)
	defer g.now.Add(-1)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
	return g.base.RoundTrip(req)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	var ids []string
	require.NoError(t, readIDs("-", strings.NewReader("a\n\n b # why\n# c\na\n"), &ids))
	assert.Equal(t, []string{"a", "b"}, ids)
	for _, id := range []string{".", "..", "../x", "/etc", ""} {
		assert.Equal(t, failed, fetcher{dir: t.TempDir()}.fetch(t.Context(), id).outcome, id)
	}
}
