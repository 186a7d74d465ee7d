package fileset

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// The manifest is what sha256sum -c reads. A guessable file stands in it as a
// comment, with a salt and a digest that takes scrypt's time for each guess.
const (
	manifestName = "SHA256SUMS"
	manifestHead = "# one set of files, sealed: do not edit or mix\n"
	saltSize     = 16
)

// seal returns files with their manifest.
func (d Dir) seal(files map[string][]byte) (map[string][]byte, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	manifest, err := d.manifest(files, salt)
	if err != nil {
		return nil, err
	}
	sealed := maps.Clone(files)
	sealed[manifestName] = []byte(manifest)
	return sealed, nil
}

// unseal returns files without their manifest, after checking them against it.
func (d Dir) unseal(files map[string][]byte) (map[string][]byte, error) {
	manifest, ok := files[manifestName]
	if !ok {
		return nil, fmt.Errorf("%w: there is no %s", ErrForeign, manifestName)
	}
	delete(files, manifestName)
	salt, err := saltOf(string(manifest))
	if err != nil {
		return nil, err
	}
	want, err := d.manifest(files, salt)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(want), manifest) {
		return nil, fmt.Errorf("%w: files and %s do not belong together", ErrForeign, manifestName)
	}
	return files, nil
}

func (d Dir) manifest(files map[string][]byte, salt []byte) (string, error) {
	var b strings.Builder
	b.WriteString(manifestHead + "# salt " + hex.EncodeToString(salt) + "\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !slices.Contains(d.Names, name) {
			return "", fmt.Errorf("%w: %q is no name of this set", ErrForeign, name)
		}
		if slices.Contains(d.Guessable, name) {
			digest, err := scrypt.Key(files[name], salt, 1<<14, 8, 1, sha256.Size)
			if err != nil {
				return "", err
			}
			b.WriteString("# scrypt " + hex.EncodeToString(digest) + "  " + name + "\n")
			continue
		}
		digest := sha256.Sum256(files[name])
		b.WriteString(hex.EncodeToString(digest[:]) + "  " + name + "\n")
	}
	return b.String(), nil
}

func saltOf(manifest string) ([]byte, error) {
	rest, ok := strings.CutPrefix(manifest, manifestHead+"# salt ")
	text, _, found := strings.Cut(rest, "\n")
	salt, err := hex.DecodeString(text)
	if !ok || !found || err != nil || len(salt) != saltSize {
		return nil, fmt.Errorf("%w: %s is not ours", ErrForeign, manifestName)
	}
	return salt, nil
}
