package sms_test

import (
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

// saverUmask and saverLimit, in the environment of a copy of this test's process,
// make it save set "b" over the target with that umask, or on a disk that is full after so many bytes.
const (
	saverUmask = "SMS_TEST_SAVER_UMASK"
	saverLimit = "SMS_TEST_SAVER_LIMIT"
)

// saveInChild runs the test named test again, in a process of its own.
func saveInChild(t *testing.T, test, dir, variable, value string) error {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	child.Env = append(os.Environ(), saverDir+"="+dir, variable+"="+value)
	output, err := child.CombinedOutput()
	if err != nil {
		t.Logf("%s", output)
	}
	return err
}

// saveB saves set "b" of dir over its target.
func saveB(t *testing.T, dir string) error {
	t.Helper()
	b, _, err := sms.LoadFiles(filepath.Join(dir, "b"))
	require.NoError(t, err)
	return b.SaveFiles(filepath.Join(dir, "target"), sms.WithPassphrase(sms.NewSecret("x")))
}

// twoSets returns a folder with the sets a and b, and a as the target.
func twoSets(t *testing.T) (dir string, a, b *sms.CertKey) {
	t.Helper()
	dir = t.TempDir()
	a, b = material(t, newAuthority(t, "a", nil)), material(t, newAuthority(t, "b", nil))
	require.NoError(t, b.SaveFiles(filepath.Join(dir, "b")))
	require.NoError(t, a.SaveFiles(filepath.Join(dir, "target")))
	return dir, a, b
}

func TestModesArePrivateWhateverTheUmask(t *testing.T) {
	t.Parallel()
	if umask := os.Getenv(saverUmask); umask != "" {
		bits, err := strconv.ParseInt(umask, 8, 32)
		require.NoError(t, err)
		dir := os.Getenv(saverDir)
		syscall.Umask(int(bits))
		err = saveB(t, dir)
		syscall.Umask(0o022) // or the test could not clean up
		require.NoError(t, err)
		return
	}
	for _, umask := range []string{"000", "022", "277", "777"} {
		t.Run(umask, func(t *testing.T) {
			t.Parallel()
			dir, _, b := twoSets(t)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "target")))
			require.NoError(t, saveInChild(t, "TestModesArePrivateWhateverTheUmask", dir, saverUmask, umask))
			got, _, err := sms.LoadFiles(filepath.Join(dir, "target"))
			require.NoError(t, err)
			assert.True(t, got.Equal(b))
			require.NoError(t, filepath.WalkDir(filepath.Join(dir, "target"), func(_ string, entry fs.DirEntry, err error) error {
				require.NoError(t, err)
				info, err := entry.Info()
				require.NoError(t, err)
				want := fs.FileMode(0o600)
				if entry.IsDir() {
					want = 0o700
				}
				assert.Equal(t, want, info.Mode().Perm(), entry.Name())
				return nil
			}))
		})
	}
}

func TestAFullDiskLeavesTheOldSet(t *testing.T) {
	t.Parallel()
	if limit := os.Getenv(saverLimit); limit != "" {
		bytes, err := strconv.ParseUint(limit, 10, 64)
		require.NoError(t, err)
		signal.Ignore(syscall.SIGXFSZ) // the write then fails, as it does on a full disk
		var before syscall.Rlimit
		require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: before.Max}))
		err = saveB(t, os.Getenv(saverDir))
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) // or a test that measures coverage could not write it
		require.ErrorIs(t, err, syscall.EFBIG)
		return
	}
	for _, limit := range []string{"0", "1", "300", "700"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			dir, a, _ := twoSets(t)
			require.NoError(t, saveInChild(t, "TestAFullDiskLeavesTheOldSet", dir, saverLimit, limit))
			got, _, err := sms.LoadFiles(filepath.Join(dir, "target"))
			require.NoError(t, err)
			assert.True(t, got.Equal(a))
			left, err := filepath.Glob(filepath.Join(dir, ".target*"))
			require.NoError(t, err)
			assert.Empty(t, left, "nothing temporary is left")
		})
	}
}
