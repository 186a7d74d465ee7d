package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The ways to the server.
const (
	wayMemory = "in memory"
	wayHTTP1  = "TLS, HTTP/1.1"
	wayHTTP2  = "TLS, HTTP/2"
)

// scenario is one thing to measure with all contenders.
type scenario struct {
	Call       string `json:"call"`
	Body       int    `json:"body"` // bytes
	Way        string `json:"way"`
	Goroutines int    `json:"goroutines"`
	Auth       string `json:"auth"`
	task       string
}

func (s scenario) String() string {
	return fmt.Sprintf("%s %d B, %s, %d goroutines, %s", s.Call, s.Body, s.Way, s.Goroutines, s.Auth)
}

// cost is what one call costs: medians over the rounds, connections per 1,000 calls.
type cost struct {
	Nanoseconds float64 `json:"ns"`
	Bytes       float64 `json:"bytes"`
	Allocations float64 `json:"allocs"`
	Connections float64 `json:"connections_per_1000"`
}

// result is a scenario's figures, by contender and by pair of contenders
// ("ours/official"): the ratio of the time in the same round.
type result struct {
	scenario
	Costs map[string]cost   `json:"costs"`
	Time  map[string]spread `json:"time"`
}

// ratio of one of the medians that are not times.
func (r result) ratio(of func(cost) float64, over string) float64 {
	return of(r.Costs[oursName]) / of(r.Costs[over])
}

// report is what a run leaves behind.
type report struct {
	Machine machine       `json:"machine"`
	Rounds  int           `json:"rounds"`
	Block   time.Duration `json:"block_ns"`
	Results []result      `json:"results"`
}

type machine struct {
	Go   string `json:"go"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

func thisMachine() machine {
	return machine{runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()}
}

// speed runs every scenario and prints a table of ratios.
func speed(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("speed", flag.ContinueOnError)
	rounds := flags.Int("rounds", 15, "how often every contender has its turn")
	block := flags.Duration("block", 100*time.Millisecond, "how long a turn takes")
	only := flags.String("only", "", "only scenarios whose name holds this text")
	out := flags.String("out", "", "also write the figures to this JSON file")
	profiles := flags.String("profile", "", "write a CPU profile of each contender to this folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server, err := startRemote(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	answers, err := newBodies()
	if err != nil {
		return err
	}
	done := report{Machine: thisMachine(), Rounds: *rounds, Block: *block}
	for _, s := range scenarios(server.Sizes) {
		if !strings.Contains(s.String(), *only) {
			continue
		}
		fmt.Fprintln(os.Stderr, s)
		m := measurement{scenario: s, server: server, rounds: *rounds, block: *block, profiles: *profiles}
		got, err := m.run(ctx, answers)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		done.Results = append(done.Results, got)
	}
	if *out != "" {
		if err := writeJSON(*out, done); err != nil {
			return err
		}
	}
	writeSpeedTables(os.Stdout, done)
	return nil
}

func scenarios(sizes map[string]int) []scenario {
	var all []scenario
	for _, way := range []string{wayMemory, wayHTTP1, wayHTTP2} {
		for _, goroutines := range []int{1, 64} {
			for _, auth := range []string{byToken, byAccessKey} {
				all = append(all,
					scenario{"ShowCertKey", sizes[taskSmall+"/certkey"], way, goroutines, auth, taskSmall},
					scenario{"ShowCertKey", sizes[taskLarge+"/certkey"], way, goroutines, auth, taskLarge},
					scenario{"ShowPassphrase", sizes[taskSmall+"/passphrase"], way, goroutines, auth, taskSmall})
			}
		}
	}
	return all
}

// measurement is one scenario under way.
type measurement struct {
	scenario
	server   *remote
	rounds   int
	block    time.Duration
	profiles string
}

func (m measurement) run(ctx context.Context, answers bodies) (result, error) {
	contenders, err := m.contenders(answers)
	if err != nil {
		return result{}, err
	}
	turns := map[string][]cost{}
	for round := range m.rounds + 1 {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)] // nobody is always the first
			got, err := m.turn(ctx, c, round)
			if err != nil {
				return result{}, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 { // the first is for connecting and warming up
				turns[c.name] = append(turns[c.name], got)
			}
		}
	}
	r := result{scenario: m.scenario, Costs: map[string]cost{}, Time: map[string]spread{}}
	for name, costs := range turns {
		r.Costs[name] = medianCost(costs)
	}
	for _, pair := range [][2]string{{oursName, officialName}, {oursName, limitName}, {limitName, officialName}} {
		r.Time[pair[0]+"/"+pair[1]] = ratios(turns[pair[0]], turns[pair[1]])
	}
	return r, nil
}

func (m measurement) contenders(answers bodies) ([]contender, error) {
	to := target{endpoint: "https://sms.test", transport: inMemory{answers}}
	switch m.Way {
	case wayHTTP1:
		to = target{endpoint: m.server.HTTP1}
	case wayHTTP2:
		to = target{endpoint: m.server.HTTP2}
	}
	var all []contender
	for _, name := range []string{oursName, officialName, limitName} {
		c, err := newContender(name, to, m.Auth)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// turn lets c call for the length of a block and returns the cost of a call.
func (m measurement) turn(ctx context.Context, c contender, round int) (cost, error) {
	call := c.showCertKey
	if m.Call == "ShowPassphrase" {
		call = c.showPassphrase
	}
	if err := call(ctx, m.task); err != nil { // a connection is there when the clock starts
		return cost{}, err
	}
	runtime.GC()
	connected, err := m.server.connections(ctx)
	if err != nil {
		return cost{}, err
	}
	stopProfile, err := m.profile(c.name, round)
	if err != nil {
		return cost{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	calls, took, err := repeat(m.Goroutines, m.block, func() error { return call(ctx, m.task) })
	runtime.ReadMemStats(&after)
	stopProfile()
	if err != nil {
		return cost{}, err
	}
	opened, err := m.server.connections(ctx)
	if err != nil {
		return cost{}, err
	}
	n := float64(calls)
	return cost{
		Nanoseconds: float64(took) / n,
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
		Allocations: float64(after.Mallocs-before.Mallocs) / n,
		Connections: float64(opened-connected) / n * 1000,
	}, nil
}

// repeat calls f from many goroutines until the time is over, and returns how
// often and how long that was.
func repeat(goroutines int, block time.Duration, f func() error) (int64, time.Duration, error) {
	var (
		calls atomic.Int64
		over  atomic.Bool
		once  sync.Once
		first error
		all   sync.WaitGroup
	)
	start := time.Now()
	timer := time.AfterFunc(block, func() { over.Store(true) })
	defer timer.Stop()
	for range goroutines {
		all.Go(func() {
			n := int64(0)
			for ; !over.Load(); n++ {
				if err := f(); err != nil {
					once.Do(func() { first = err })
					over.Store(true)
				}
			}
			calls.Add(n)
		})
	}
	all.Wait()
	return calls.Load(), time.Since(start), first
}

// profile records the last round of a contender, where profiles are wanted.
func (m measurement) profile(name string, round int) (stop func(), err error) {
	if m.profiles == "" || round != m.rounds {
		return func() {}, nil
	}
	slug := strings.NewReplacer(" ", "-", ",", "", "/", "").Replace(strings.ToLower(m.String()) + "-" + name)
	file, err := os.Create(filepath.Join(m.profiles, slug+".cpu"))
	if err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, pprof.StartCPUProfile(file)
}

func medianCost(costs []cost) cost {
	of := func(field func(cost) float64) float64 {
		values := make([]float64, len(costs))
		for i, c := range costs {
			values[i] = field(c)
		}
		return newSpread(values).Median
	}
	return cost{
		Nanoseconds: of(func(c cost) float64 { return c.Nanoseconds }),
		Bytes:       of(func(c cost) float64 { return c.Bytes }),
		Allocations: of(func(c cost) float64 { return c.Allocations }),
		Connections: of(func(c cost) float64 { return c.Connections }),
	}
}

// ratios compares times within rounds, so that what slows the machine down for a
// while slows both.
func ratios(a, b []cost) spread {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = a[i].Nanoseconds / b[i].Nanoseconds
	}
	return newSpread(values)
}

// spread is a median with its quartiles.
type spread struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
}

func newSpread(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 {
		position := q * float64(len(sorted)-1)
		i := int(position)
		if i+1 == len(sorted) {
			return sorted[i]
		}
		return sorted[i] + (position-float64(i))*(sorted[i+1]-sorted[i])
	}
	return spread{at(0.25), at(0.5), at(0.75)}
}

func writeJSON(file string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o600)
}
