package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"example.com/huaweicloud/sms"
)

// newObserver returns what sms.WithObserver takes: a span for each attempt, below
// the one of the call's context, and the attempts' durations as a histogram.
func newObserver(tracer trace.Tracer, meter metric.Meter) (func(context.Context, sms.Attempt), error) {
	durations, err := meter.Float64Histogram("sms.client.attempt.duration", metric.WithUnit("s"),
		metric.WithDescription("attempts of calls to SMS and IAM, credentials included"))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, a sms.Attempt) {
		attributes := []attribute.KeyValue{
			attribute.String("sms.operation", a.Operation), attribute.Int("http.response.status_code", a.StatusCode),
			attribute.Bool("sms.replayed", a.Replayed), // a 401 came first, and the signer cured it
		}
		durations.Record(ctx, a.Duration.Seconds(), metric.WithAttributes(attributes...))
		_, span := tracer.Start(ctx, "attempt "+a.Operation, trace.WithTimestamp(a.Start), trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(append(attributes, attribute.Int("http.request.resend_count", a.Number-1), attribute.String("sms.request_id", a.RequestID))...))
		if a.Err != nil {
			span.SetStatus(codes.Error, a.Err.Error()) // an error of this library never holds a secret
		}
		span.End(trace.WithTimestamp(a.Start.Add(a.Duration)))
	}, nil
}

// traced runs a call in a span of its own, so that its attempts have a parent.
func traced(ctx context.Context, tracer trace.Tracer, name string, call func(context.Context) error) error {
	ctx, span := tracer.Start(ctx, name)
	defer span.End()
	err := call(ctx)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}
