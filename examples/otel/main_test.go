package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func TestSpansOfACallAndItsAttempts(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	tracer := trace.NewTracerProvider(trace.WithSyncer(exporter)).Tracer("test")
	observe, err := newObserver(tracer, noop.NewMeterProvider().Meter("test"))
	require.NoError(t, err)
	service := smstest.NewServer()
	t.Cleanup(service.Close)
	service.AddTask("task-1")
	service.Fail(smstest.ShowCertKey, smstest.Status(503, ""))
	client, err := service.Client(sms.WithObserver(observe))
	require.NoError(t, err)

	require.NoError(t, traced(t.Context(), tracer, "call", func(ctx context.Context) error {
		_, err := client.ShowCertKey(ctx, "task-1")
		return err
	}))

	spans := exporter.GetSpans()
	require.Len(t, spans, 3, "two attempts and the call, which ends last")
	call := spans[2]
	for i, code := range []codes.Code{codes.Error, codes.Unset} {
		assert.Equal(t, "attempt ShowCertKey", spans[i].Name)
		assert.Equal(t, call.SpanContext.SpanID(), spans[i].Parent.SpanID())
		assert.Equal(t, code, spans[i].Status.Code)
		assert.False(t, spans[i].StartTime.Before(call.StartTime))
		assert.False(t, spans[i].EndTime.After(call.EndTime))
	}
}

func TestAFailedCallIsMarked(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	tracer := trace.NewTracerProvider(trace.WithSyncer(exporter)).Tracer("test")
	failure := errors.New("refused")
	require.ErrorIs(t, traced(t.Context(), tracer, "call", func(context.Context) error { return failure }), failure)
	assert.Equal(t, codes.Error, exporter.GetSpans()[0].Status.Code)
}

// What the documents show of this program is what it prints.
func TestTheOutputIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	document, err := os.ReadFile("../../docs/observability.md")
	require.NoError(t, err)
	printed := regexp.MustCompile("request id [0-9a-f]+").ReplaceAllString(out.String(), "request id ...")
	shown := strings.Contains(strings.ReplaceAll(string(document), "\r\n", "\n"), "```\n"+printed+"```\n")
	assert.True(t, shown, "docs/observability.md should show:\n%s", printed)
}
