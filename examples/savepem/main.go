// Savepem fetches a task's certificates and private keys, checks them, and saves
// them as PEM files that openssl and other agents read.
//
//	savepem -endpoint https://sms.ap-southeast-3.myhuaweicloud.com -token-file FILE -task ID -out DIR
//
// The file holds an IAM token. With -demo it talks to a service of its own instead
// and needs no account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		stop()
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("savepem", flag.ContinueOnError)
	endpoint := flags.String("endpoint", "https://sms.ap-southeast-3.myhuaweicloud.com", "`URL` of the service")
	tokenFile := flags.String("token-file", "", "`file` that holds an IAM token")
	task := flags.String("task", "", "`ID` of the migration task")
	out := flags.String("out", "", "`directory` to save to; it is replaced as a whole")
	withPass := flags.Bool("passphrase", false, "save the passphrase, too")
	force := flags.Bool("force", false, "save even if the material has defects")
	timeout := flags.Duration("timeout", time.Minute, "for the whole run")
	demo := flags.Bool("demo", false, "use a service of its own on loopback")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *demo && *task == "" {
		*task = "demo"
	}
	if *task == "" || *out == "" {
		flags.Usage()
		return errors.New("savepem: -task and -out are needed")
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()

	connect := func() (*sms.Client, error) { return withToken(*endpoint, *tokenFile) }
	if *demo {
		service := smstest.NewServer()
		defer service.Close()
		service.AddTask(*task)
		connect = func() (*sms.Client, error) { return service.Client() }
	}
	client, err := connect()
	if err != nil {
		return err
	}
	material, err := client.ShowCertKey(ctx, *task)
	if err != nil {
		return err
	}
	pass, err := client.ShowPassphrase(ctx, *task)
	if err != nil {
		return err
	}
	if err := material.Verify(pass.Passphrase, time.Now()); err != nil {
		if !*force {
			return fmt.Errorf("not saved (-force saves all the same):\n%w", err)
		}
		log.Print(err)
	}
	var opts []sms.SaveOption
	if *withPass {
		opts = append(opts, sms.WithPassphrase(pass.Passphrase))
	}
	if err := material.SaveFiles(*out, opts...); err != nil {
		return err
	}
	fmt.Println("saved to", *out)
	return nil
}

func withToken(endpoint, tokenFile string) (*sms.Client, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("savepem: -token-file: %w", err)
	}
	return sms.NewClient(endpoint, sms.StaticToken(strings.TrimSpace(string(token))))
}
