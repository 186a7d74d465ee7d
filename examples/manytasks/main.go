// Manytasks fetches the certificates and private keys of many migration tasks, a
// few at a time, and saves each task's into a folder of its own:
//
//	manytasks -tasks ids.txt -out keys/
//
// The file holds an id a line; "-" is the standard input. Endpoint and credentials
// come from the environment (sms.NewClientFromEnv); with -demo there are twenty tasks of a
// service in this process. A task that fails does not keep the others from
// being fetched: it is reported at the end, and so is the exit status 1. Tasks
// whose files are there already are left alone, so that the same command, run
// again, goes on where it was interrupted; with -passphrase those that were saved
// without one are fetched anew.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"example.com/huaweicloud/sms"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "manytasks:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, out *os.File) error {
	flags := flag.NewFlagSet("manytasks", flag.ContinueOnError)
	list := flags.String("tasks", "", "`file` with a task id a line, - for the standard input; # begins a comment")
	dir := flags.String("out", "", "`directory` to save to; each task gets a folder in it")
	parallel := flags.Int("parallel", 8, "how many tasks to fetch at a time")
	withPass := flags.Bool("passphrase", false, "save the passphrases, too")
	demo := flags.Bool("demo", false, "use a service of its own on loopback, with tasks of which some fail")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" || (*list == "") != *demo || *parallel < 1 {
		flags.Usage()
		return errors.New("-out and one of -tasks and -demo are needed, and -parallel must be 1 or more")
	}
	f := fetcher{dir: *dir, parallel: *parallel, withPass: *withPass}
	var ids []string
	var err error
	if *demo {
		var end func()
		f.client, ids, end, err = startDemo()
		defer end()
	} else {
		f.client, err = sms.NewClientFromEnv()
		err = errors.Join(err, readIDs(*list, stdin, &ids))
	}
	if err != nil {
		return err
	}
	f.progress = newProgress(out, len(ids))
	return report(out, f.fetchAll(ctx, ids))
}

// readIDs reads a task id a line; empty lines and comments are skipped, and so are
// ids that have been before.
func readIDs(name string, stdin io.Reader, ids *[]string) error {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		stdin = file
	}
	seen := map[string]bool{}
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		id, _, _ := strings.Cut(lines.Text(), "#")
		if id = strings.TrimSpace(id); id != "" && !seen[id] {
			seen[id] = true
			*ids = append(*ids, id)
		}
	}
	return lines.Err()
}

// report says how it went and lists what failed.
func report(out io.Writer, results []result) error {
	counts := map[outcome]int{}
	for _, r := range results {
		counts[r.outcome]++
	}
	fmt.Fprintf(out, "%d saved, %d were there already, %d failed, %d not tried\n",
		counts[saved], counts[kept], counts[failed], counts[notTried])
	for _, r := range results {
		if r.outcome == failed {
			fmt.Fprintf(out, "  %s: %v\n", r.id, r.err)
		}
	}
	if bad := counts[failed] + counts[notTried]; bad > 0 {
		return fmt.Errorf("%d of %d tasks are missing: run it again to try those alone", bad, len(results))
	}
	return nil
}
