package sms

import (
	"context"
	"log/slog"
	"time"
)

// Attempt is what an observer is told about one attempt of a call. It holds no
// secret and no body.
type Attempt struct {
	// Operation is the call: "ShowCertKey", or one that a signer makes on its behalf,
	// such as IAM's "CreateToken"; APIError.Operation lists them.
	Operation string
	// Number counts the attempts of the call, from 1.
	Number int
	// Start is when the attempt began, and Duration how long it took: from asking
	// the signer for credentials to the last byte of the answer.
	Start    time.Time
	Duration time.Duration
	// Replayed says that the attempt was refused with 401 at first, and sent once
	// more with what its signer had renewed or corrected. The other fields are those of the
	// second answer; Duration spans both.
	Replayed bool
	// StatusCode is the HTTP status, 0 where no answer came.
	StatusCode int
	// RequestID is the service's name for the request, where it gave one.
	RequestID string
	// Err is nil for a success. Otherwise it is what the call would return, were this
	// its only attempt.
	Err error
	// Retry says that another attempt follows after Wait.
	Retry bool
	Wait  time.Duration
}

// WithObserver makes the client call observe after each attempt, for metrics and
// traces: those of the client's own calls and those that its signer makes to IAM and
// the metadata service on their behalf, which begin and end within an attempt of theirs.
//
// ctx is the context of the call, with its values; that of a renewal is not
// cancelled with it. observe runs on the goroutine of the attempt, which waits for it, and
// for many attempts at a time: what it counts in must be safe for concurrent use. nil is
// ErrInvalidArgument.
func WithObserver(observe func(ctx context.Context, attempt Attempt)) Option {
	return func(o *options) error {
		if observe == nil {
			return invalidArgument("WithObserver was given nil: leave it out")
		}
		o.observe = observe
		return nil
	}
}

// watchers are told about the attempts of a call. They travel in its context, so
// that they are told as well about the calls that a signer makes on its behalf.
type watchers struct {
	logger  *slog.Logger                   // may be nil
	observe func(context.Context, Attempt) // may be nil
}

type watchersKey struct{}

// in returns a context that w, if there is any, travels in.
func (w *watchers) in(ctx context.Context) context.Context {
	if w == nil {
		return ctx
	}
	return context.WithValue(ctx, watchersKey{}, w)
}

// loggerOf returns the logger of the call under way, if it has one for level.
func loggerOf(ctx context.Context, level slog.Level) (*slog.Logger, bool) {
	w, ok := ctx.Value(watchersKey{}).(*watchers)
	if !ok || w.logger == nil {
		return nil, false
	}
	return w.logger, w.logger.Enabled(ctx, level)
}

// report tells the watchers of ctx about an attempt.
func report(ctx context.Context, a Attempt, sent *redactions) {
	w, watched := ctx.Value(watchersKey{}).(*watchers)
	if !watched {
		return
	}
	a.Replayed = sent.tookReplay()
	a.RequestID = sent.line(a.RequestID, maxErrorID)
	why := a.Err
	if why != nil {
		a.Err = finish(a.Operation, 1, why)
	}
	if w.observe != nil {
		w.observe(ctx, a)
	}
	if logger, ok := loggerOf(ctx, slog.LevelDebug); ok {
		logger.LogAttrs(ctx, slog.LevelDebug, "sms: attempt", a.attrs()...)
	}
	if logger, ok := loggerOf(ctx, slog.LevelInfo); ok && a.Retry {
		logger.LogAttrs(ctx, slog.LevelInfo, "sms: retry", slog.String("operation", a.Operation),
			slog.Int("attempt", a.Number), slog.Duration("wait", a.Wait), slog.String("reason", reason(why)))
	}
}

// attrs are the attributes of the log line of an attempt.
func (a Attempt) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", a.Operation),
		slog.Int("attempt", a.Number),
		slog.Duration("duration", a.Duration),
	}
	if a.Replayed {
		attrs = append(attrs, slog.Bool("replayed", true))
	}
	if a.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", a.StatusCode))
	}
	if a.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", a.RequestID))
	}
	if a.Err != nil {
		attrs = append(attrs, slog.String("error", a.Err.Error()))
	}
	return attrs
}
