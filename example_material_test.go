package sms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

func ExampleCertKey_TargetMgmtTLS() {
	srv := smstest.NewServer() // in place of the real service
	defer srv.Close()
	material, pass := srv.AddTask("task-1")

	conf, err := material.TargetMgmtTLS(pass.Passphrase) // tls.Listen("tcp", ":8899", conf)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conf.ClientAuth)
	// Output: RequireAndVerifyClientCert
}

func ExampleCertKey_TargetDataTLS() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")

	listener, err := serveTarget(material, pass.Passphrase) // calls TargetDataTLS
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()

	stranger, strangersPass := srv.AddTask("task-2")
	_, err = dialTarget(context.Background(), stranger, strangersPass.Passphrase, listener.Addr().String(), "hello")
	fmt.Println(err != nil)
	// Output: true
}

func ExampleVerifyServerName() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")
	listener, err := serveTarget(material, pass.Passphrase)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()

	dial := func(name string) error {
		conf, err := material.SourceTLS(pass.Passphrase, sms.VerifyServerName(name))
		if err != nil {
			return err
		}
		conn, err := (&tls.Dialer{Config: conf}).DialContext(context.Background(), "tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		return conn.Close()
	}
	fmt.Println(dial(smstest.TargetName))
	fmt.Println(dial("another.host") != nil)
	// Output:
	// <nil>
	// true
}

func ExamplePinTarget() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")
	material.CA = "" // as it is with EnableCACert(false)

	_, err := material.SourceTLS(pass.Passphrase)
	fmt.Println(errors.Is(err, sms.ErrNoCA))
	_, err = material.SourceTLS(pass.Passphrase, sms.PinTarget())
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleCertKey_Verify() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")
	fmt.Println(material.Verify(pass.Passphrase, time.Now()))

	material.PrivateKey = material.TargetDataPrivateKey
	err := material.Verify(pass.Passphrase, time.Now().AddDate(100, 0, 0))
	var defect *sms.MaterialError
	fmt.Println(errors.As(err, &defect), errors.Is(err, sms.ErrKeyMismatch))
	// Output:
	// <nil>
	// true true
}

func ExampleKeyPair_TLSCertificate() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTaskWith("task-1", smstest.Material{Format: smstest.PKCS8, Encryption: smstest.PBES2})

	for _, pair := range []sms.KeyPair{material.Source(), material.TargetMgmt(), material.TargetData()} {
		cert, err := pair.TLSCertificate(pass.Passphrase)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(cert.Leaf.Subject.CommonName)
	}
	_, err := material.Source().TLSCertificate(sms.NewSecret("wrong"))
	fmt.Println(errors.Is(err, sms.ErrWrongPassphrase))
	// Output:
	// source
	// target management
	// target data
	// true
}

func ExampleCertKey_SaveFiles() {
	srv := smstest.NewServer()
	defer srv.Close()
	material, pass := srv.AddTask("task-1")
	home, err := os.MkdirTemp("", "sms")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(home)

	dir := filepath.Join(home, "task-1")
	if err := material.SaveFiles(dir, sms.WithPassphrase(pass.Passphrase)); err != nil {
		fmt.Println(err)
		return
	}
	loaded, loadedPass, err := sms.LoadFiles(dir) // after a restart, without asking the service
	fmt.Println(loaded.Equal(material), loadedPass.Equal(pass.Passphrase), err)
	// Output: true true <nil>
}

func ExampleLoadFiles() {
	_, _, err := sms.LoadFiles("/does/not/exist")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}
