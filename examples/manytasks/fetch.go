package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"example.com/huaweicloud/sms"
)

type outcome int

const (
	notTried outcome = iota // the run was interrupted before its turn
	saved
	kept
	failed
)

// result is what became of a task.
type result struct {
	id      string
	outcome outcome
	err     error
}

// taskID is what the service takes for one. It is the name of a folder, too.
var taskID = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,255}$`)

// fetcher fetches tasks. One client serves them all: it keeps the connections and
// the token.
type fetcher struct {
	client   *sms.Client
	dir      string
	parallel int
	withPass bool
	progress progress
}

// fetchAll fetches the tasks, parallel of them at a time, and returns what became of
// each in the order of ids. When ctx ends, the tasks under way end with it and no other is begun.
func (f fetcher) fetchAll(ctx context.Context, ids []string) []result {
	results := make([]result, len(ids))
	turns := make(chan struct{}, f.parallel)
	var all sync.WaitGroup
	for i, id := range ids {
		results[i].id = id
		turns <- struct{}{}
		if ctx.Err() != nil {
			<-turns
			continue
		}
		all.Go(func() {
			results[i] = f.fetch(ctx, id)
			f.progress.done(results[i])
			<-turns
		})
	}
	all.Wait()
	f.progress.end()
	return results
}

func (f fetcher) fetch(ctx context.Context, id string) result {
	if !taskID.MatchString(id) || id == "." || id == ".." {
		return result{strconv.Quote(id), failed, errors.New("not a task id")} // quoted: it may do things to a terminal
	}
	dir := filepath.Join(f.dir, id)
	switch _, pass, err := sms.LoadFiles(dir); {
	case err == nil && (!f.withPass || !pass.IsZero()):
		return result{id, kept, nil}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return result{id, failed, err}
	}
	if err := f.save(ctx, id, dir); err != nil {
		return result{id, failed, err}
	}
	return result{id, saved, nil}
}

// save fetches both answers before it writes anything: a folder is whole or not there.
func (f fetcher) save(ctx context.Context, id, dir string) error {
	material, err := f.client.ShowCertKey(ctx, id)
	if err != nil {
		return err
	}
	pass, err := f.client.ShowPassphrase(ctx, id)
	if err != nil {
		return err
	}
	if err := material.Verify(pass.Passphrase, time.Now()); err != nil {
		return fmt.Errorf("not saved: %w", err)
	}
	if f.withPass {
		return material.SaveFiles(dir, sms.WithPassphrase(pass.Passphrase))
	}
	return material.SaveFiles(dir)
}
