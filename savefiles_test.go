package sms_test

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

func TestWhatIsSavedIsLoadedByteForByte(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	m.Cert = " \r\n" + m.Cert
	dir := filepath.Join(t.TempDir(), "new parent", "task")
	for _, pass := range []string{"", " a passphrase \n", "another"} {
		require.NoError(t, m.SaveFiles(dir, sms.WithPassphrase(sms.NewSecret(pass))))
		got, gotPass, err := sms.LoadFiles(dir)
		require.NoError(t, err)
		assert.True(t, m.Equal(got))
		assert.Equal(t, pass, gotPass.Reveal())
	}
	require.NoError(t, m.SaveFiles(dir))
	_, pass, err := sms.LoadFiles(dir)
	require.NoError(t, err)
	assert.True(t, pass.IsZero(), "an old passphrase does not outlive its set")

	siblings, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	assert.Equal(t, "task", siblings[0].Name())
	assert.Len(t, siblings, 1, "nothing temporary is left")
}

func TestModesArePrivateWhateverTheyWere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // modes are ACLs there
	}
	m, dir := material(t, newAuthority(t, "task", nil)), t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, m.SaveFiles(dir, sms.WithPassphrase(sms.NewSecret("x"))))
	each := func(visit func(path string)) {
		paths, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Len(t, paths, 9)
		for _, path := range paths {
			visit(path)
		}
	}
	each(func(path string) { require.NoError(t, os.Chmod(path, 0o644)) })
	require.NoError(t, m.SaveFiles(dir, sms.WithPassphrase(sms.NewSecret("x"))))
	mode := func(path string) fs.FileMode {
		info, err := os.Lstat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	assert.Equal(t, fs.FileMode(0o700), mode(dir))
	each(func(path string) { assert.Equal(t, fs.FileMode(0o600), mode(path), path) })
}

func TestForeignDirectoriesAreRefusedAndLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	m := material(t, newAuthority(t, "task", nil))
	for name, spoil := range map[string]func(dir string) error{
		"a file of the user's":          func(dir string) error { return os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600) },
		"a directory":                   func(dir string) error { return os.Mkdir(filepath.Join(dir, "sub"), 0o700) },
		"a symbolic link for a file":    func(dir string) error { return os.Symlink("/etc/hosts", filepath.Join(dir, "passphrase")) },
		"our names and no seal of ours": func(dir string) error { return os.Remove(filepath.Join(dir, "SHA256SUMS")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, m.SaveFiles(dir))
			require.NoError(t, spoil(dir))
			before, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.ErrorIs(t, m.SaveFiles(dir), sms.ErrInvalidArgument)
			_, _, err = sms.LoadFiles(dir)
			require.ErrorIs(t, err, sms.ErrInvalidArgument)
			after, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, after, len(before))
		})
	}
	parent := t.TempDir()
	link := filepath.Join(parent, "link")
	whole := filepath.Join(parent, "real")
	require.NoError(t, m.SaveFiles(whole))
	require.NoError(t, os.Symlink(whole, link))
	require.ErrorIs(t, m.SaveFiles(link), sms.ErrInvalidArgument)
	require.ErrorIs(t, m.SaveFiles(link+"/"), sms.ErrInvalidArgument)
	_, _, err := sms.LoadFiles(filepath.Join(parent, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, m.SaveFiles(""), sms.ErrInvalidArgument)
	require.ErrorIs(t, m.SaveFiles(whole, nil), sms.ErrInvalidArgument)
	require.ErrorIs(t, (&sms.CertKey{}).SaveFiles(whole), sms.ErrInvalidArgument)
}

func TestASetWithOneFileOfAnotherIsRefused(t *testing.T) {
	t.Parallel()
	one, other := t.TempDir(), t.TempDir()
	require.NoError(t, material(t, newAuthority(t, "one", nil)).SaveFiles(one, sms.WithPassphrase(sms.NewSecret("one"))))
	require.NoError(t, material(t, newAuthority(t, "other", nil)).SaveFiles(other, sms.WithPassphrase(sms.NewSecret("other"))))
	entries, err := os.ReadDir(one)
	require.NoError(t, err)
	for _, entry := range entries {
		path := filepath.Join(one, entry.Name())
		own, err := os.ReadFile(path)
		require.NoError(t, err)
		foreign, err := os.ReadFile(filepath.Join(other, entry.Name()))
		require.NoError(t, err)
		for name, content := range map[string][]byte{"another's": foreign, "cut short": own[:len(own)-1]} {
			require.NoError(t, os.WriteFile(path, content, 0o600))
			_, _, err = sms.LoadFiles(one)
			require.ErrorIs(t, err, sms.ErrInvalidArgument, "%s %s", name, entry.Name())
		}
		require.NoError(t, os.Remove(path))
		_, _, err = sms.LoadFiles(one)
		require.ErrorIs(t, err, sms.ErrInvalidArgument, "without %s", entry.Name())
		require.NoError(t, os.WriteFile(path, own, 0o600))
	}
	_, _, err = sms.LoadFiles(one)
	require.NoError(t, err)
}

var killPoints = flag.Int("killpoints", 50, "how many times a process is killed while it saves")

// saverDir, in the environment of a copy of this test's process, makes it save
// the sets of two directories in turn to a third until it is killed.
const saverDir = "SMS_TEST_SAVER_DIR"

func TestKilledWhileSaving(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(saverDir); dir != "" {
		saveForEver(t, dir)
	}
	dir := t.TempDir()
	sets := make([]*sms.CertKey, 2)
	for i, name := range []string{"a", "b"} {
		sets[i] = material(t, newAuthority(t, name, nil))
		require.NoError(t, sets[i].SaveFiles(filepath.Join(dir, name)))
	}
	target := filepath.Join(dir, "target")
	require.NoError(t, sets[0].SaveFiles(target))
	interrupted := 0
	for range *killPoints {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileSaving$")
		child.Env = append(os.Environ(), saverDir+"="+dir)
		ready, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		_, err = ready.Read(make([]byte, 1)) // the first save is done
		require.NoError(t, err)
		timer := time.NewTimer(rand.N(20 * time.Millisecond))
		<-timer.C
		require.NoError(t, child.Process.Kill())
		_ = child.Wait()

		got, _, err := sms.LoadFiles(target)
		require.NoError(t, err)
		assert.True(t, got.Equal(sets[0]) || got.Equal(sets[1]))
		if left, _ := filepath.Glob(filepath.Join(dir, ".target*")); len(left) > 0 {
			interrupted++
		}
		require.NoError(t, sets[0].SaveFiles(target))
		left, err := filepath.Glob(filepath.Join(dir, ".target*"))
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	t.Logf("%d of %d kills struck in the middle of a save", interrupted, *killPoints)
	assert.NotZero(t, interrupted)
}

func saveForEver(t *testing.T, dir string) {
	t.Helper()
	a, _, err := sms.LoadFiles(filepath.Join(dir, "a"))
	require.NoError(t, err)
	b, _, err := sms.LoadFiles(filepath.Join(dir, "b"))
	require.NoError(t, err)
	for i := 0; ; i++ {
		require.NoError(t, b.SaveFiles(filepath.Join(dir, "target")))
		if i == 0 {
			_, _ = os.Stdout.WriteString(".")
		}
		require.NoError(t, a.SaveFiles(filepath.Join(dir, "target")))
	}
}
