// Emulator runs the fake service of package smstest as a program, so that curl and
// clients in other languages can be pointed at it. It prints where it
// listens and what to authenticate with as lines to copy into a shell:
//
//	go run ./examples/emulator -task demo -user acme/ann:secret -deny sms:server:getTaskPassphrase -fault ShowCertKey=503x2
//
// It serves until it is interrupted. Everything in it is made on the spot and
// worth nothing anywhere else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"example.com/huaweicloud/sms/smstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "emulator:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	set, err := parseSettings(args)
	if err != nil {
		return err
	}
	if err := free(ctx, set); err != nil {
		return err
	}
	srv := smstest.NewServer(smstest.WithAddress(smstest.SMS, set.address), smstest.WithAddress(smstest.IAM, set.iam))
	defer srv.Close()
	set.apply(srv)
	if err := writeNew(set.ca, srv.CACertificate()); err != nil {
		return fmt.Errorf("-ca: %w", err)
	}
	defer os.Remove(set.ca)
	lines := environment(srv, set)
	if set.env != "" {
		if err := writeNew(set.env, lines); err != nil {
			return fmt.Errorf("-env: %w", err)
		}
		defer os.Remove(set.env)
	}
	if _, err := fmt.Fprint(out, lines, howTo); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// free reports whether the services can listen where they are told to, both at once.
func free(ctx context.Context, set settings) error {
	for _, at := range []struct{ flag, address string }{{"-address", set.address}, {"-iam", set.iam}} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at.address)
		if err != nil {
			return fmt.Errorf("%s %s: %w", at.flag, at.address, err)
		}
		defer listener.Close()
	}
	return nil
}

// writeNew writes a file that is removed at the end, and so must not be there yet.
func writeNew(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

const howTo = `
# curl -H "X-Auth-Token: $HW_AUTH_TOKEN" "$HUAWEICLOUD_SMS_ENDPOINT/v3/tasks/$SMS_TASK_ID/certkey?enable_ca_cert=true"
# Ctrl-C ends it.
`

// environment is what a client needs to know, in the names that SignerFromEnv, the
// SDKs, curl and OpenSSL read.
func environment(srv *smstest.Server, set settings) string {
	key := srv.AccessKey()
	var b strings.Builder
	export := func(name, value string) {
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	export("HUAWEICLOUD_SMS_ENDPOINT", srv.Endpoint())
	export("HUAWEICLOUD_SDK_IAM_ENDPOINT", srv.IAMEndpoint())
	export("SSL_CERT_FILE", set.ca)
	export("CURL_CA_BUNDLE", set.ca)
	export("SMS_TASK_ID", set.tasks[0])
	export("HW_AUTH_TOKEN", srv.Token())
	export("HUAWEICLOUD_SDK_AK", key.ID)
	export("HUAWEICLOUD_SDK_SK", key.Secret.Reveal())
	export("HUAWEICLOUD_SDK_DOMAIN_ID", key.DomainID)
	return b.String()
}
