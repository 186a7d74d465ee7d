package sms_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// serveTarget is a target's data channel: it echoes what the source sends.
func serveTarget(material *sms.CertKey, pass sms.Secret) (net.Listener, error) {
	conf, err := material.TargetDataTLS(pass)
	if err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", conf) // ":8900" on a target
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return listener, nil
}

// dialTarget is the source's side: it sends text and returns the answer.
func dialTarget(ctx context.Context, material *sms.CertKey, pass sms.Secret, address, text string) (string, error) {
	conf, err := material.SourceTLS(pass)
	if err != nil {
		return "", err
	}
	conn, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	answer := make([]byte, len(text))
	_, err = io.ReadFull(conn, answer) // where a refusal by the target arrives with TLS 1.3
	return string(answer), err
}

func ExampleCertKey_SourceTLS() {
	service := smstest.NewServer()
	defer service.Close()
	material, pass := service.AddTask("")

	listener, err := serveTarget(material, pass.Passphrase)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = listener.Close() }()
	answer, err := dialTarget(context.Background(), material, pass.Passphrase, listener.Addr().String(), "hello")
	fmt.Println(answer, err)
	// Output: hello <nil>
}
