package sms

import (
	"context"
	"sync/atomic"

	"example.com/huaweicloud/sms/internal/blot"
	"example.com/huaweicloud/sms/internal/printable"
)

// redactions collects, while a call is under way, the credentials that it sent,
// so that an answer that echoes them can be cleared of them.
type redactions struct {
	blot.Set

	replayed atomic.Bool // the attempt was sent once more, with other credentials
}

type redactionsKey struct{}

// withRedactions puts redactions into a context, behind a function: dumpers that
// walk a context by reflection do not find what is in them.
func withRedactions(ctx context.Context) (context.Context, *redactions) {
	r := new(redactions)
	return context.WithValue(ctx, redactionsKey{}, r.self), r
}

func (r *redactions) self() *redactions { return r }

// redactionsOf returns those of the call under way, nil without one, as when a user
// signs a request of their own.
func redactionsOf(ctx context.Context) *redactions {
	self, ok := ctx.Value(redactionsKey{}).(func() *redactions)
	if !ok {
		return nil
	}
	return self()
}

// noteReplay notes that the attempt under way is sent once more.
func noteReplay(ctx context.Context) {
	if r := redactionsOf(ctx); r != nil {
		r.replayed.Store(true)
	}
}

// tookReplay reports whether the attempt was sent once more, and forgets it.
func (r *redactions) tookReplay() bool { return r.replayed.Swap(false) }

// redactIn notes credentials that the request of ctx carries.
func redactIn(ctx context.Context, values ...string) {
	if r := redactionsOf(ctx); r != nil {
		r.Add(values...)
	}
}

// line returns text cleared of credentials and in one line of at most limit bytes.
// What is far beyond the limit is not even looked at.
func (r *redactions) line(text string, limit int) string {
	return printable.Line(r.Clean(text[:min(len(text), 4*limit)]), limit)
}

// holds reports whether text shows a credential, or is too long to say.
func (r *redactions) holds(text string) bool {
	return len(text) > 16*maxErrorText || r.Clean(text) != text
}
