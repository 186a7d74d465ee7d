// Savepem fetches a task's certificates and private keys, checks them, and saves
// them as PEM files that openssl and other agents read.
//
//	savepem -region ap-southeast-3 -task ID -out DIR
//
// The credentials are those that sms.SignerFromEnv finds, or the IAM token in the
// file that -token-file names. With -demo it talks to a service of its own instead and
// needs no account.
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
	endpoint := flags.String("endpoint", "", "`URL` of the service (default: what the environment names)")
	region := flags.String("region", "", "`region` of the service, in place of -endpoint: "+strings.Join(sms.Regions(), ", "))
	tokenFile := flags.String("token-file", "", "`file` that holds an IAM token (default: credentials from the environment)")
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

	connect := func() (*sms.Client, error) { return connect(*endpoint, *region, *tokenFile) }
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

// connect makes the client that the flags ask for; what they leave open the
// environment says.
func connect(endpoint, region, tokenFile string) (*sms.Client, error) {
	if endpoint == "" && region == "" && tokenFile == "" {
		return sms.NewClientFromEnv()
	}
	if endpoint == "" {
		var err error
		if endpoint, err = sms.Endpoint(region); err != nil {
			return nil, fmt.Errorf("savepem: -region: %w", err)
		}
	}
	if tokenFile == "" {
		signer, err := sms.SignerFromEnv()
		if err != nil {
			return nil, err
		}
		return sms.NewClient(endpoint, signer)
	}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("savepem: -token-file: %w", err)
	}
	return sms.NewClient(endpoint, sms.StaticToken(strings.TrimSpace(string(token))))
}
