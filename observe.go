package sms

import (
	"context"
	"log/slog"
	"time"

	"example.com/huaweicloud/sms/internal/printable"
)

// Attempt is what an observer is told about one attempt of a call. It holds no
// secret and no body.
type Attempt struct {
	// Operation is the call: "ShowCertKey".
	Operation string
	// Number counts the attempts of the call, from 1.
	Number int
	// Start is when the attempt began, and Duration how long it took: from asking
	// the signer for credentials to the last byte of the answer.
	Start    time.Time
	Duration time.Duration
	// StatusCode is the HTTP status, 0 where no answer came.
	StatusCode int
	// RequestID is the service's name for the request, where it gave one.
	RequestID string
	// Err is nil for a success.
	Err error
	// Retry says that another attempt follows after Wait.
	Retry bool
	Wait  time.Duration
}

// WithObserver makes the client call observe after each attempt, for metrics and
// traces. ctx is the context of the call. observe runs on the goroutine of
// the call, which waits for it, and may run for many calls at a time.
func WithObserver(observe func(ctx context.Context, attempt Attempt)) Option {
	return func(o *options) error {
		if observe == nil {
			return invalidArgument("WithObserver was given nil: leave it out")
		}
		o.observe = observe
		return nil
	}
}

type loggerKey struct{}

// withLogger makes the client's logger that of the signer too, which finds it in
// the context of the request.
func (p *pipeline) withLogger(ctx context.Context) context.Context {
	if p.logger == nil {
		return ctx
	}
	return context.WithValue(ctx, loggerKey{}, p.logger)
}

// loggerOf returns the logger of the call under way, if it has one for level.
func loggerOf(ctx context.Context, level slog.Level) (*slog.Logger, bool) {
	logger, ok := ctx.Value(loggerKey{}).(*slog.Logger)
	return logger, ok && logger.Enabled(ctx, level)
}

// report tells the log and the observer about an attempt.
func (p *pipeline) report(ctx context.Context, a Attempt, sent *redactions) {
	logger, logs := loggerOf(ctx, slog.LevelInfo)
	if p.observe == nil && !logs {
		return
	}
	a.RequestID = printable.Line(sent.clean(a.RequestID), maxErrorID)
	if p.observe != nil {
		p.observe(ctx, a)
	}
	if !logs {
		return
	}
	if logger.Enabled(ctx, slog.LevelDebug) {
		logger.LogAttrs(ctx, slog.LevelDebug, "sms: attempt", a.attrs()...)
	}
	if a.Retry {
		logger.LogAttrs(ctx, slog.LevelInfo, "sms: retry", slog.String("operation", a.Operation),
			slog.Int("attempt", a.Number), slog.Duration("wait", a.Wait), slog.String("reason", reason(a.Err)))
	}
}

// attrs are the attributes of the log line of an attempt.
func (a Attempt) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", a.Operation),
		slog.Int("attempt", a.Number),
		slog.Duration("duration", a.Duration),
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
