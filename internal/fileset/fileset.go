// Package fileset keeps a few files in a directory of their own that is written
// and read as a whole: a reader finds one complete set, and never parts of two.
//
// A set is made in a new directory beside the old one and takes its place by two
// renames. Between them the directory is missing and the old set lies beside it,
// under a name that Read knows. A manifest, in the format of sha256sum, seals the
// set, so that files put together by other means are refused.
package fileset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrForeign is a directory, or an entry of one, that is not a set that this
// package wrote, or that was changed since.
var ErrForeign = errors.New("not a complete set of files that was saved here")

// MaxFile is the largest file, in bytes.
const MaxFile = 1 << 20

// Dir is where a set lives and what may be in it.
type Dir struct {
	// Path is the directory. It is replaced as a whole, so it cannot be a mount point.
	Path string
	// Names are the files that a set may hold.
	Names []string
	// Guessable are those of Names whose content a person may have chosen. The
	// manifest holds no plain digest of them, against which guesses could be tried.
	Guessable []string

	// step is told of each step on the file system before it is made, and may make
	// it fail. Tests set it.
	step func(name string) error
}

func (d Dir) before(step string) error {
	if d.step == nil {
		return nil
	}
	return d.step(step)
}

// oldPath is where the set that is being replaced lies meanwhile.
func (d Dir) oldPath() string {
	return filepath.Join(filepath.Dir(d.Path), "."+d.tag()+oldSuffix)
}

// tag is the name that the directories beside Path are called after. File systems
// take names of 255 bytes, so a long one is stood for by its digest.
func (d Dir) tag() string {
	base := filepath.Base(d.Path)
	if len(base) <= maxTag {
		return base
	}
	digest := sha256.Sum256([]byte(base))
	return hex.EncodeToString(digest[:])
}

const maxTag = 200

// newPrefix begins the name of a directory in which a set is made.
func (d Dir) newPrefix() string { return "." + d.tag() + newInfix }

const (
	oldSuffix = ".sms-old"
	newInfix  = ".sms-new-"
)

// Replace makes files the set. On an error, and after a crash at any point, Read
// finds the old set or the new one. Every file is 0600 and the directory 0700
// whatever the umask. What a crash left behind is removed by the next Replace.
//
// A directory that holds anything but a set is refused and left as it is, and so is
// a symbolic link at Path. Parents are made as needed. Replace must not run twice at once
// for the same Path: one of the two may fail, though no set is ever mixed.
func (d Dir) Replace(files map[string][]byte) error {
	path, err := filepath.Abs(d.Path)
	if err != nil {
		return err
	}
	d.Path = path
	if err := d.checkPlace(); err != nil {
		return err
	}
	if err := d.checkOurs(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.Path), 0o700); err != nil {
		return err
	}
	sealed, err := d.seal(files)
	if err != nil {
		return err
	}
	staging, err := d.stage(sealed)
	if err != nil {
		return err
	}
	if err := d.swap(staging); err != nil {
		return errors.Join(err, os.RemoveAll(staging))
	}
	return d.sweep()
}

// checkPlace refuses directories that cannot take another's place: the one that the
// process works in, and those under the names that Replace itself makes.
func (d Dir) checkPlace() error {
	base := filepath.Base(d.Path)
	if strings.HasSuffix(base, oldSuffix) || strings.Contains(base, newInfix) {
		return fmt.Errorf("%w: names with %q or %q are those of sets that are being replaced", ErrForeign, oldSuffix, newInfix)
	}
	here, hereErr := os.Stat(".")
	there, thereErr := os.Stat(d.Path)
	if hereErr == nil && thereErr == nil && os.SameFile(here, there) {
		return fmt.Errorf("%w: it is the working directory, which cannot be replaced", ErrForeign)
	}
	return nil
}

// checkOurs refuses what Replace must not replace.
func (d Dir) checkOurs() error {
	info, err := os.Lstat(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: it is no directory (symbolic links are not followed)", ErrForeign)
	}
	entries, err := os.ReadDir(d.Path)
	if err != nil || len(entries) == 0 {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || entry.Name() != manifestName && !slices.Contains(d.Names, entry.Name()) {
			return fmt.Errorf("%w: it holds %q", ErrForeign, entry.Name())
		}
	}
	manifest, err := readFile(filepath.Join(d.Path, manifestName))
	if err != nil || !strings.HasPrefix(string(manifest), manifestHead) {
		return fmt.Errorf("%w: it holds files and no %s of ours", ErrForeign, manifestName)
	}
	return nil
}

// stage writes the files to a new directory beside Path and returns it. It leaves
// nothing behind when it fails.
func (d Dir) stage(files map[string][]byte) (string, error) {
	if err := d.before("make the directory"); err != nil {
		return "", err
	}
	staging, err := os.MkdirTemp(filepath.Dir(d.Path), d.newPrefix()+"*") // the last star is the one that is replaced
	if err != nil {
		return "", err
	}
	if err := d.fill(staging, files); err != nil {
		return "", errors.Join(err, os.RemoveAll(staging))
	}
	return staging, nil
}

func (d Dir) fill(staging string, files map[string][]byte) error {
	if err := os.Chmod(staging, 0o700); err != nil { //nolint:gosec // a directory needs x
		return err
	}
	for name, data := range files {
		if err := d.writeFile(filepath.Join(staging, name), data); err != nil {
			return err
		}
	}
	if err := d.before("sync the directory"); err != nil {
		return err
	}
	return syncDir(staging)
}

// writeFile makes a file that must not exist, with its mode whatever the umask.
func (d Dir) writeFile(path string, data []byte) error {
	if err := d.before("write " + filepath.Base(path)); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in a directory that was just made, under names that we know
	if err != nil {
		return err
	}
	err = file.Chmod(0o600)
	if err == nil {
		_, err = file.Write(data)
	}
	if err == nil {
		err = d.before("sync " + filepath.Base(path))
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// swap puts staging in the place of Path. When Path is missing, an old set that a
// crash left stays until the new one is in place.
func (d Dir) swap(staging string) error {
	_, err := os.Lstat(d.Path)
	existed := err == nil
	if existed {
		if err := d.before("remove what is left of an old set"); err != nil {
			return err
		}
		if err := os.RemoveAll(d.oldPath()); err != nil {
			return err
		}
		if err := d.before("move the old set aside"); err != nil {
			return err
		}
		if err := os.Rename(d.Path, d.oldPath()); err != nil {
			return err
		}
	}
	err = d.before("move the new set in place")
	if err == nil {
		err = os.Rename(staging, d.Path)
	}
	if err != nil && existed {
		return errors.Join(err, os.Rename(d.oldPath(), d.Path))
	}
	return err
}

// sweep removes the old set and what crashes left. The new set is in place by now.
func (d Dir) sweep() error {
	parent := filepath.Dir(d.Path)
	if err := d.before("sync the parent"); err != nil {
		return err
	}
	if err := syncDir(parent); err != nil {
		return err
	}
	if err := d.before("remove the old set"); err != nil {
		return err
	}
	err := os.RemoveAll(d.oldPath())
	entries, readErr := os.ReadDir(parent)
	err = errors.Join(err, readErr)
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), d.newPrefix()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(parent, entry.Name())))
		}
	}
	return err
}

// Read returns the set. Where Path is missing because a Replace was cut short, it
// returns the set that was being replaced. It changes nothing.
func (d Dir) Read() (map[string][]byte, error) {
	path, err := filepath.Abs(d.Path)
	if err != nil {
		return nil, err
	}
	d.Path = path
	files, err := d.read(d.Path)
	for range 3 { // a Replace at the same time may move the set from under our hands
		if err == nil {
			return files, nil
		}
		old, oldErr := d.read(d.oldPath())
		if _, missing := os.Lstat(d.Path); oldErr == nil && errors.Is(missing, fs.ErrNotExist) {
			return old, nil
		}
		files, err = d.read(d.Path)
	}
	return files, err
}

func (d Dir) read(path string) (map[string][]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%w: it is no directory (symbolic links are not followed)", ErrForeign)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for _, entry := range entries {
		if !entry.Type().IsRegular() || entry.Name() != manifestName && !slices.Contains(d.Names, entry.Name()) {
			return nil, fmt.Errorf("%w: it holds %q", ErrForeign, entry.Name())
		}
		if files[entry.Name()], err = readFile(filepath.Join(path, entry.Name())); err != nil {
			return nil, err
		}
	}
	return d.unseal(files)
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the caller's directory, and names that we know
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("%w: %q is larger than %d bytes", ErrForeign, filepath.Base(path), MaxFile)
	}
	return data, err
}
