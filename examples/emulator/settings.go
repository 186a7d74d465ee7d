package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/huaweicloud/sms/smstest"
)

// settings is what the flags say.
type settings struct {
	address, iam, ca, env string
	tasks                 []string
	users                 []user
	denied                []string
	faults                []fault
}

type user struct{ domain, name, password string }

// fault is what happens to an operation: count times, or always where that is 0.
type fault struct {
	operation string
	what      smstest.Fault
	count     int
}

func parseSettings(args []string) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.StringVar(&set.address, "address", "127.0.0.1:0", "where SMS listens; port 0 takes a free one")
	flags.StringVar(&set.iam, "iam", "127.0.0.1:0", "where IAM and STS listen")
	flags.StringVar(&set.ca, "ca", filepath.Join(os.TempDir(), fmt.Sprintf("sms-emulator-ca-%d-%d.pem", os.Getpid(), time.Now().UnixNano())),
		"new file to write the CA certificate of the emulator to; it is removed at the end")
	flags.StringVar(&set.env, "env", "", "new file to write the lines for the shell to as well; it is removed at the end")
	flags.Func("task", "id of a task to make, again for more (default demo-task)", func(id string) error {
		if id == "" || !utf8.ValidString(id) {
			return errors.New("the id is empty or no text")
		}
		set.tasks = append(set.tasks, id)
		return nil
	})
	flags.Func("user", "IAM user to add, DOMAIN/NAME:PASSWORD, again for more", func(text string) error {
		u, err := parseUser(text)
		set.users = append(set.users, u)
		return err
	})
	flags.Func("deny", "IAM action to refuse with 403, one of "+strings.Join(smstest.Actions(), ", ")+"; again for more",
		func(action string) error {
			if !slices.Contains(smstest.Actions(), action) {
				return errors.New("want one of " + strings.Join(smstest.Actions(), ", "))
			}
			set.denied = append(set.denied, action)
			return nil
		})
	flags.Func("fault", "what goes wrong, OPERATION=FAULT[xCOUNT]: ShowCertKey=503, ShowCertKey=503x2, ShowPassphrase=2s (late), "+
		"ShowPassphrase=hang, CreateToken=abort; again for another operation or, with counts, for what comes next", func(text string) error {
		f, err := parseFault(text)
		set.faults = append(set.faults, f)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("%q is no flag: see -help", flags.Arg(0))
	}
	if err := set.checkFaults(); err != nil {
		return settings{}, err
	}
	if len(set.tasks) == 0 {
		set.tasks = []string{"demo-task"}
	}
	return set, nil
}

func parseUser(text string) (user, error) {
	domain, rest, hasDomain := strings.Cut(text, "/")
	name, password, hasPassword := strings.Cut(rest, ":")
	if !hasDomain || !hasPassword || domain == "" || name == "" || password == "" {
		return user{}, errors.New("want DOMAIN/NAME:PASSWORD")
	}
	return user{domain, name, password}, nil
}

const maxCount = 1_000_000

func parseFault(text string) (fault, error) {
	operation, what, found := strings.Cut(text, "=")
	if !found || !slices.Contains(smstest.Operations(), operation) {
		return fault{}, errors.New("want OPERATION=FAULT with one of " + strings.Join(smstest.Operations(), ", "))
	}
	what, times, counted := strings.Cut(what, "x")
	f := fault{operation: operation}
	if counted {
		count, err := strconv.Atoi(times)
		if err != nil || count < 1 || count > maxCount {
			return fault{}, fmt.Errorf("the count behind the x must be 1 to %d", maxCount)
		}
		f.count = count
	}
	if status, err := strconv.Atoi(what); err == nil && status >= 200 && status <= 599 {
		f.what = smstest.Status(status, `{"error_code":"SMS.0000","error_msg":"a fault of the emulator"}`)
		return f, nil
	}
	if delay, err := time.ParseDuration(what); err == nil && delay > 0 {
		f.what = smstest.Delay(delay)
		return f, nil
	}
	switch what {
	case "hang":
		f.what = smstest.Hang()
	case "abort":
		f.what = smstest.Abort(0)
	default:
		return fault{}, fmt.Errorf("%q is none of a status from 200 to 599, a duration such as 2s, hang, abort", what)
	}
	return f, nil
}

// checkFaults refuses faults of which one would never come, as another of its
// operation has no end.
func (set settings) checkFaults() error {
	for i, f := range set.faults {
		for _, other := range set.faults[i+1:] {
			if other.operation == f.operation && (f.count == 0 || other.count == 0) {
				return fmt.Errorf("-fault: several of %s need counts, such as %[1]s=503x2", f.operation)
			}
		}
	}
	return nil
}

func (set settings) apply(srv *smstest.Server) {
	for _, id := range set.tasks {
		srv.AddTask(id)
	}
	for _, u := range set.users {
		srv.AddUser(u.domain, u.name, u.password)
	}
	for _, action := range set.denied {
		srv.Deny(action)
	}
	scripts := map[string][]smstest.Fault{}
	for _, f := range set.faults {
		if f.count == 0 {
			srv.FailAlways(f.operation, f.what)
		}
		for range f.count {
			scripts[f.operation] = append(scripts[f.operation], f.what)
		}
	}
	for operation, script := range scripts {
		srv.Fail(operation, script...)
	}
}
