// Tlschannel opens a task's two TLS channels over loopback: it fetches the
// material, listens as the target on two ports, dials both as the source, echoes
// data through them, and shows that strangers are refused on either side.
//
// It needs no account: smstest plays the service. Against the real one, make the
// client with sms.NewClient, and let target and source run on their own machines.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	service := smstest.NewServer()
	defer service.Close()
	client, err := service.Client()
	if err != nil {
		return err
	}
	service.AddTask("task")
	service.AddTask("stranger")
	task, pass, err := fetch(ctx, client, "task")
	if err != nil {
		return err
	}
	stranger, strangerPass, err := fetch(ctx, client, "stranger")
	if err != nil {
		return err
	}

	mgmt, err := task.TargetMgmtTLS(pass)
	if err != nil {
		return err
	}
	data, err := task.TargetDataTLS(pass)
	if err != nil {
		return err
	}
	source, err := task.SourceTLS(pass)
	if err != nil {
		return err
	}
	strangeSource, err := stranger.SourceTLS(strangerPass)
	if err != nil {
		return err
	}
	strangeTarget, err := stranger.TargetDataTLS(strangerPass)
	if err != nil {
		return err
	}
	strangeSource.VerifyConnection = nil // a stranger does not care whom it talks to

	for _, channel := range []struct {
		name           string
		target, source *tls.Config
		refused        bool
	}{
		{"control channel (8899)", mgmt, source, false},
		{"data channel (8900)", data, source, false},
		{"a stranger dials the target", data, strangeSource, true},
		{"the source dials a stranger", strangeTarget, source, true},
	} {
		answer, err := echo(ctx, channel.target, channel.source, "hello")
		switch {
		case channel.refused && err == nil:
			return errors.New(channel.name + ": not refused")
		case channel.refused:
			fmt.Printf("%s: refused: %v\n", channel.name, err)
		case err != nil:
			return fmt.Errorf("%s: %w", channel.name, err)
		default:
			fmt.Printf("%s: %s\n", channel.name, answer)
		}
	}
	return nil
}

// fetch gets what opens the channels of a task.
func fetch(ctx context.Context, client *sms.Client, taskID string) (*sms.CertKey, sms.Secret, error) {
	material, err := client.ShowCertKey(ctx, taskID)
	if err != nil {
		return nil, sms.Secret{}, err
	}
	pass, err := client.ShowPassphrase(ctx, taskID)
	if err != nil {
		return nil, sms.Secret{}, err
	}
	return material, pass.Passphrase, nil
}

// echo serves one connection as the target, dials it as the source and returns
// what comes back. With TLS 1.3 a refused client learns of it from its first read.
func echo(ctx context.Context, target, source *tls.Config, text string) (string, error) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", target)
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	go serve(listener)
	conn, err := (&tls.Dialer{Config: source}).DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	answer := make([]byte, len(text))
	_, err = io.ReadFull(conn, answer)
	return string(answer), err
}

func serve(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.Copy(conn, conn) // a refused client is an error here, and its own
}
