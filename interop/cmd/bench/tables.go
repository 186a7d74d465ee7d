package main

import (
	"fmt"
	"io"
	"slices"
)

// writeSpeedTables prints the ratios as Markdown. A figure over its bound is bold.
func writeSpeedTables(w io.Writer, r report) {
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs; %d rounds of %v; median (quartiles)\n",
		r.Machine.Go, r.Machine.OS, r.Machine.Arch, r.Machine.CPUs, r.Rounds, r.Block)
	for _, way := range []string{wayMemory, wayHTTP1, wayHTTP2} {
		rows := slices.DeleteFunc(slices.Clone(r.Results), func(got result) bool { return got.Way != way })
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n\n", heading(way))
		fmt.Fprintln(w, "| call | body | goroutines | by | time / official | time / limit | limit / official | bytes / official | allocations / official | allocations: ours, official, limit | new connections per 1,000 calls: ours, official |")
		fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
		for _, row := range rows {
			writeSpeedRow(w, row)
		}
	}
}

func heading(way string) string {
	if way == wayMemory {
		return "**In memory**: a transport that answers at once"
	}
	return "**Loopback, " + way + "**: a server in another process"
}

func writeSpeedRow(w io.Writer, r result) {
	b := boundOf(r.scenario)
	ours, official, limit := r.Costs[oursName], r.Costs[officialName], r.Costs[limitName]
	fmt.Fprintf(w, "| %s | %.1f KB | %d | %s | %s | %s | %s | %s | %s | %.0f, %.0f, %.0f | %.1f, %.1f |\n",
		r.Call, float64(r.Body)/1000, r.Goroutines, r.Auth,
		withSpread(r.Time["ours/official"], b.official), withSpread(r.Time["ours/limit"], b.limit), withSpread(r.Time["limit/official"], 0),
		figure(r.ratio(func(c cost) float64 { return c.Bytes }, officialName), b.bytes),
		figure(r.ratio(func(c cost) float64 { return c.Allocations }, officialName), b.allocs),
		ours.Allocations, official.Allocations, limit.Allocations, ours.Connections, official.Connections)
}

func withSpread(s spread, bound float64) string {
	return fmt.Sprintf("%s (%.2f to %.2f)", figure(s.Median, bound), s.Low, s.High)
}

func figure(value, bound float64) string {
	text := fmt.Sprintf("%.2f", value)
	if bound > 0 && value > bound {
		return "**" + text + "**"
	}
	return text
}

// writeFootprintTable prints the weights as Markdown, with the ratio to the bare
// program where there is one.
func writeFootprintTable(w io.Writer, r footprintReport) {
	ours, official, bare := r.Weights[oursName], r.Weights[officialName], r.Weights[limitName]
	row := func(name string, of func(weight) string) {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", name, of(ours), of(official), of(bare))
	}
	fmt.Fprintf(w, "%s, %s/%s, %d CPUs\n\n| | ours | official | net/http alone |\n|---|---|---|---|\n",
		r.Machine.Go, r.Machine.OS, r.Machine.Arch, r.Machine.CPUs)
	row("stripped program with both calls / net/http alone", func(x weight) string {
		return fmt.Sprintf("%.2f (%.1f MB)", float64(x.Binary)/float64(bare.Binary), float64(x.Binary)/1e6)
	})
	row("third-party modules", func(x weight) string { return fmt.Sprint(x.Modules) })
	row("packages beside the standard library", func(x weight) string { return fmt.Sprint(x.Packages) })
	if bare.Build > 0 {
		row("clean build, user time / net/http alone", func(x weight) string { return fmt.Sprintf("%.2f", x.Build/bare.Build) })
	}
	row("process start to the end of both calls / net/http alone", func(x weight) string {
		return fmt.Sprintf("%.2f", x.Start.Median/bare.Start.Median)
	})
	row("the same for one call, with what it needs from IAM", func(x weight) string {
		return fmt.Sprintf("%.2f", x.Login.Median/bare.Login.Median)
	})
	row("connections opened by 64 goroutines × 50 calls, HTTP/1.1", func(x weight) string { return fmt.Sprint(x.HTTP1) })
	row("the same, server with HTTP/2", func(x weight) string { return fmt.Sprint(x.HTTP2) })
	row("peak memory at 1,000 calls at once", func(x weight) string { return fmt.Sprintf("%.0f MB", float64(x.Peak)/1e6) })
	row("live heap after 1,000 and after 11,000 calls", func(x weight) string {
		return fmt.Sprintf("%.2f, %.2f MB", float64(x.HeapBefore)/1e6, float64(x.HeapAfter)/1e6)
	})
}
