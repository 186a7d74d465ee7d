package sms

import (
	"errors"
	"fmt"

	"example.com/huaweicloud/sms/internal/fileset"
)

// SaveOption changes what SaveFiles writes.
type SaveOption func(*saveOptions) error

type saveOptions struct{ passphrase Secret }

// WithPassphrase also writes the passphrase, byte for byte, so that LoadFiles
// alone is enough to open the channel. Whoever reads the directory can then use
// the keys. A zero Secret writes nothing.
func WithPassphrase(passphrase Secret) SaveOption {
	return func(o *saveOptions) error { o.passphrase = passphrase; return nil }
}

const passphraseFile = "passphrase"

// files is the set in a directory.
func files(dir string) fileset.Dir {
	return fileset.Dir{
		Path: dir,
		Names: []string{
			"source.crt", "source.key", "ca.crt", "target-mgmt.crt", "target-mgmt.key",
			"target-data.crt", "target-data.key", passphraseFile,
		},
		Guessable: []string{passphraseFile},
	}
}

// SaveFiles writes the material to PEM files in dir, which it replaces as a whole:
//
//	source.crt       source.key         cert, private_key
//	ca.crt                              ca
//	target-mgmt.crt  target-mgmt.key    target_mgmt_cert, target_mgmt_private_key
//	target-data.crt  target-data.key    target_data_cert, target_data_private_key
//	passphrase                          only with WithPassphrase
//	SHA256SUMS                          seals the set, for LoadFiles and sha256sum -c
//
// Texts are written as the service sent them; an empty field makes no file. An
// error or a crash at any point leaves the old set or the new one, and what a
// crash left behind goes with the next SaveFiles. Parents of dir are made as needed.
// A CertKey without certificate or key and texts of more than 1 MiB are ErrInvalidArgument; what the
// file system refuses is the error of package os. A dir that holds anything else is refused with ErrInvalidArgument and left as it is,
// and so are a symbolic link, the working directory, and names such as
// ".x.sms-old", which a save uses; dir cannot be a mount point. Do not save to one dir twice at
// the same time.
//
//	               Linux, other POSIX       macOS                  Windows
//	modes          0600 in 0700, whatever the umask                inherited ACLs: choose a private parent
//	synced         files and directories    files to the drive,    files
//	                                        and directories
//	replaced by    two renames: between them dir is missing, and LoadFiles finds the set all the same
//	open files     keep the old set         keep the old set       make SaveFiles fail
func (c *CertKey) SaveFiles(dir string, opts ...SaveOption) error {
	if c == nil || c.Cert == "" || c.PrivateKey.IsZero() {
		return invalidArgument("SaveFiles: the CertKey has no certificate or no private key")
	}
	if dir == "" {
		return invalidArgument("SaveFiles: the directory is empty")
	}
	var o saveOptions
	for _, opt := range opts {
		if opt == nil {
			return invalidArgument("SaveFiles: an option is nil")
		}
		if err := opt(&o); err != nil {
			return err
		}
	}
	set := make(map[string][]byte)
	for name, text := range map[string]string{
		"source.crt": c.Cert, "source.key": c.PrivateKey.Reveal(), "ca.crt": c.CA,
		"target-mgmt.crt": c.TargetMgmtCert, "target-mgmt.key": c.TargetMgmtPrivateKey.Reveal(),
		"target-data.crt": c.TargetDataCert, "target-data.key": c.TargetDataPrivateKey.Reveal(),
		passphraseFile: o.passphrase.Reveal(),
	} {
		if len(text) > fileset.MaxFile {
			return invalidArgument(fmt.Sprintf("SaveFiles: what goes to %s is longer than %d bytes", name, fileset.MaxFile))
		}
		if text != "" {
			set[name] = []byte(text)
		}
	}
	return fileError("SaveFiles", files(dir).Replace(set))
}

// LoadFiles returns what SaveFiles wrote to dir, and the passphrase, which is zero
// if none was saved. It finds the old set where a save was cut short. A dir that
// holds anything else, lacks a file, or mixes files of two sets is refused with
// ErrInvalidArgument, and so is a file of more than 1 MiB; without dir the error is
// fs.ErrNotExist. It writes nothing. Where a
// passphrase was saved, checking its seal takes scrypt's time and 16 MiB.
func LoadFiles(dir string) (*CertKey, Secret, error) {
	if dir == "" {
		return nil, Secret{}, invalidArgument("LoadFiles: the directory is empty")
	}
	set, err := files(dir).Read()
	if err != nil {
		return nil, Secret{}, fileError("LoadFiles", err)
	}
	text := func(name string) string { return string(set[name]) }
	return &CertKey{
		Cert: text("source.crt"), PrivateKey: NewSecret(text("source.key")), CA: text("ca.crt"),
		TargetMgmtCert: text("target-mgmt.crt"), TargetMgmtPrivateKey: NewSecret(text("target-mgmt.key")),
		TargetDataCert: text("target-data.crt"), TargetDataPrivateKey: NewSecret(text("target-data.key")),
	}, NewSecret(text(passphraseFile)), nil
}

// fileError names the call, and what to do where the directory is not ours.
func fileError(call string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fileset.ErrForeign):
		return fmt.Errorf("sms: %s: %w: the directory is left as it is; use one of its own: %w", call, ErrInvalidArgument, err)
	default:
		return fmt.Errorf("sms: %s: %w", call, err)
	}
}
