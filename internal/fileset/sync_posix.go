//go:build !windows && !plan9

package fileset

import (
	"errors"
	"os"
)

// syncDir makes the entries of a directory last through a loss of power.
func syncDir(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the caller's directory
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
