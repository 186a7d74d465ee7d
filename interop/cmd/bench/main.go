// Bench holds this library against the official SDK and against a limit: a GET
// written by hand over net/http that reads the body and does nothing with it.
//
//	bench speed      time, bytes, allocations and connections of both calls
//	bench footprint  binaries, modules, connections, memory, start
//	bench docs       write tables and plot from the figures of the two
//
// What counts are the ratios: all contenders run in turns in one process, against
// one server, over the same bodies.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"speed":      speed,
		"footprint":  footprint,
		"docs":       docs,
		"serve":      serve,      // the server, in a process of its own
		"concurrent": concurrent, // 1,000 calls at once, in a process of its own
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: bench speed|footprint|docs [flags]")
	}
	return commands[args[0]](ctx, args[1:])
}
