package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far the run is. done is called from many goroutines.
type progress interface {
	done(r result)
	end()
}

// newProgress returns a bar where out is a terminal, and lines where it is not.
func newProgress(out *os.File, total int) progress {
	if term.IsTerminal(int(out.Fd())) {
		return bar{progressbar.NewOptions(total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription("tasks"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(),
		)}
	}
	return &lines{out: out, total: total}
}

type bar struct{ bar *progressbar.ProgressBar }

func (b bar) done(result) { _ = b.bar.Add(1) }
func (b bar) end()        { _ = b.bar.Finish() }

type lines struct {
	out   io.Writer
	total int

	mu    sync.Mutex
	count int
}

func (l *lines) done(r result) {
	text := map[outcome]string{saved: "saved", kept: "was there already", failed: "failed"}[r.outcome]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	fmt.Fprintf(l.out, "%d/%d %s %s\n", l.count, l.total, r.id, text)
}

func (*lines) end() {}
