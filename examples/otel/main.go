// Otel traces and measures calls with OpenTelemetry: a span for each call, below
// it one for each of its attempts and for the request of a token, and a histogram of
// their durations. The service is a fake one in this process, which fails the first attempt.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	// A program of yours has exporters that send spans and metrics somewhere.
	spans, metrics := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	tracers := trace.NewTracerProvider(trace.WithSyncer(spans))
	tracer := tracers.Tracer("example")
	observe, err := newObserver(tracer, metric.NewMeterProvider(metric.WithReader(metrics)).Meter("example"))
	if err != nil {
		return err
	}

	service := smstest.NewServer()
	defer service.Close()
	service.AddTask("task-1")
	service.Fail(smstest.ShowCertKey, smstest.Status(503, ""))
	service.AddUser("account", "agent", "password")
	signer := sms.PasswordToken(sms.PasswordConfig{Domain: "account", User: "agent", Password: sms.NewSecret("password")},
		service.SignerOptions()...)
	client, err := sms.NewClient(service.Endpoint(), signer, sms.WithHTTPClient(service.HTTPClient()), sms.WithObserver(observe))
	if err != nil {
		return err
	}
	err = traced(ctx, tracer, "fetch the keys", func(ctx context.Context) error {
		_, err := client.ShowCertKey(ctx, "task-1")
		return err
	})
	if err != nil {
		return err
	}
	printSpans(out, spans.GetSpans())
	var measured metricdata.ResourceMetrics
	if err := metrics.Collect(ctx, &measured); err != nil {
		return err
	}
	printMetrics(out, measured)
	return nil
}

func printSpans(out io.Writer, spans tracetest.SpanStubs) {
	for _, span := range spans {
		parent := "-"
		for _, other := range spans {
			if span.Parent.SpanID() == other.SpanContext.SpanID() {
				parent = other.Name
			}
		}
		fmt.Fprintf(out, "span %q, parent %q, %s", span.Name, parent, span.Status.Code)
		if span.Status.Description != "" {
			fmt.Fprint(out, ": ", span.Status.Description)
		}
		fmt.Fprintln(out)
	}
}

func printMetrics(out io.Writer, measured metricdata.ResourceMetrics) {
	var lines []string
	for _, scope := range measured.ScopeMetrics {
		for _, m := range scope.Metrics {
			histogram, ok := m.Data.(metricdata.Histogram[float64])
			if !ok {
				continue
			}
			for _, point := range histogram.DataPoints {
				operation, _ := point.Attributes.Value("sms.operation")
				status, _ := point.Attributes.Value("http.response.status_code")
				lines = append(lines, fmt.Sprintf("metric %s, %s %s: %d\n", m.Name, operation.String(), status.String(), point.Count))
			}
		}
	}
	slices.Sort(lines) // the SDK keeps no order
	fmt.Fprint(out, strings.Join(lines, ""))
}
