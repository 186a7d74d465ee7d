package sms

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// redactions collects, while a call is under way, the credentials that it sent,
// so that an answer that echoes them can be cleared of them.
type redactions struct {
	mu       sync.Mutex
	values   []string
	room     [4]string // where values begins: as many as an access key needs
	replayed bool      // the attempt was sent once more, with other credentials
}

type redactionsKey struct{}

// withRedactions puts redactions into a context, behind a function: dumpers that
// walk a context by reflection do not find what is in them.
func withRedactions(ctx context.Context) (context.Context, *redactions) {
	r := &redactions{}
	r.values = r.room[:0]
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
		r.mu.Lock()
		defer r.mu.Unlock()
		r.replayed = true
	}
}

// tookReplay reports whether the attempt was sent once more, and forgets it.
func (r *redactions) tookReplay() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	replayed := r.replayed
	r.replayed = false
	return replayed
}

// redactIn notes credentials that the request of ctx carries.
func redactIn(ctx context.Context, values ...string) {
	r := redactionsOf(ctx)
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range values {
		if len(value) >= minRedacted && !slices.Contains(r.values, value) {
			r.values = append(r.values, value)
		}
	}
}

// minRedacted is the length below which a value is too common a piece of text to
// be told from one, and too short to be a credential.
const minRedacted = 4

// fragment is the length from which a part of a credential is as good as all of it.
const fragment = 16

// clean replaces in text every credential: whole in any of the usual encodings,
// or a part of it that is long enough to be no coincidence.
func (r *redactions) clean(text string) string {
	if text == "" {
		return text
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range r.values {
		for _, form := range encodings(value) {
			text = strings.ReplaceAll(text, form, redacted)
		}
		text = cutFragments(text, value)
	}
	return text
}

// holds reports whether text shows a credential.
func (r *redactions) holds(text string) bool { return r.clean(text) != text }

func encodings(value string) []string {
	raw := []byte(value)
	return []string{
		value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value),
		base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
	}
}

// cutFragments replaces every stretch of text that stands in secret too.
func cutFragments(text, secret string) string {
	if len(text) < fragment || len(secret) < fragment {
		return text
	}
	fragments := make(map[string]struct{}, len(secret))
	for i := range len(secret) - fragment + 1 {
		fragments[secret[i:i+fragment]] = struct{}{}
	}
	var b strings.Builder
	end := 0 // text[:end] is dealt with
	for i := range len(text) - fragment + 1 {
		if _, hit := fragments[text[i:i+fragment]]; !hit {
			continue
		}
		if i > end || end == 0 {
			b.WriteString(text[end:i])
			b.WriteString(redacted)
		}
		end = i + fragment
	}
	b.WriteString(text[end:])
	return b.String()
}
