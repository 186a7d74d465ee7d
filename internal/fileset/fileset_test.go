package fileset

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	errInjected = errors.New("no space left on device")
	errKilled   = errors.New("killed")
)

func set(text string) map[string][]byte {
	return map[string][]byte{"a": []byte(text + "a"), "b": []byte(text + "b")}
}

func dirIn(t *testing.T) Dir {
	t.Helper()
	return Dir{Path: filepath.Join(t.TempDir(), "set"), Names: []string{"a", "b", "c"}}
}

// steps counts the steps of a Replace over an existing set.
func steps(t *testing.T) int {
	t.Helper()
	dir := dirIn(t)
	require.NoError(t, dir.Replace(set("old")))
	count := 0
	dir.step = func(string) error { count++; return nil }
	require.NoError(t, dir.Replace(set("new")))
	return count
}

func TestAFailureAtAnyStepLeavesTheOldSetOrTheNew(t *testing.T) {
	t.Parallel()
	total := steps(t)
	require.Greater(t, total, 10)
	for failing := range total {
		dir, step := dirIn(t), 0
		require.NoError(t, dir.Replace(set("old")))
		dir.step = func(string) error {
			step++
			if step == failing+1 {
				return errInjected
			}
			return nil
		}
		require.ErrorIs(t, dir.Replace(set("new")), errInjected)
		require.DirExists(t, dir.Path, "without a crash there is nothing to recover")
		left, err := filepath.Glob(filepath.Join(filepath.Dir(dir.Path), dir.newPrefix()+"*"))
		require.NoError(t, err)
		require.Empty(t, left, "keys must not lie about where nobody looks for them")
		expectOldOrNew(t, dir)
	}
}

func TestADeathAtAnyStepLeavesTheOldSetOrTheNew(t *testing.T) {
	t.Parallel()
	for fatal := range steps(t) {
		dir, step := dirIn(t), 0
		require.NoError(t, dir.Replace(set("old")))
		dir.step = func(string) error {
			step++
			if step == fatal+1 {
				panic(errKilled) // what is on disk stays as it is, but for the staging directory
			}
			return nil
		}
		assert.PanicsWithError(t, errKilled.Error(), func() { _ = dir.Replace(set("new")) })
		expectOldOrNew(t, dir)
	}
}

// expectOldOrNew also expects that the next Replace leaves nothing temporary.
func expectOldOrNew(t *testing.T, dir Dir) {
	t.Helper()
	got, err := dir.Read()
	require.NoError(t, err)
	assert.Contains(t, []map[string][]byte{set("old"), set("new")}, got)
	dir.step = nil
	require.NoError(t, dir.Replace(set("next")))
	got, err = dir.Read()
	require.NoError(t, err)
	assert.Equal(t, set("next"), got)
	entries, err := os.ReadDir(filepath.Dir(dir.Path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestReadRefusesWhatWasChanged(t *testing.T) {
	t.Parallel()
	dir := dirIn(t)
	require.NoError(t, dir.Replace(set("old")))
	require.NoError(t, os.WriteFile(filepath.Join(dir.Path, "c"), nil, 0o600))
	_, err := dir.Read()
	require.ErrorIs(t, err, ErrForeign)
	require.NoError(t, os.WriteFile(filepath.Join(dir.Path, "c"), make([]byte, MaxFile+1), 0o600))
	_, err = dir.Read()
	require.ErrorIs(t, err, ErrForeign)
}

func TestReplaceRefusesPlacesThatItCannotTake(t *testing.T) {
	parent := t.TempDir()
	here := filepath.Join(parent, "here")
	require.NoError(t, os.MkdirAll(filepath.Join(here, "deeper"), 0o700))
	t.Chdir(filepath.Join(here, "deeper"))
	for _, path := range []string{".", "..", here, parent, filepath.Join(parent, ".a"+oldSuffix), filepath.Join(parent, ".a"+newInfix+"1")} {
		require.ErrorIs(t, Dir{Path: path, Names: []string{"a"}}.Replace(map[string][]byte{"a": nil}), ErrForeign, path)
	}
	_, err := os.Getwd()
	require.NoError(t, err)
	require.NoError(t, Dir{Path: "below", Names: []string{"a"}}.Replace(map[string][]byte{"a": nil}))
}

// A star in a name is one, and no place for random letters.
func TestWhatACrashLeftIsRemovedWhateverTheName(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := Dir{Path: filepath.Join(parent, "keys*1"), Names: []string{"a"}}
	staging, err := dir.stage(map[string][]byte{"a": []byte("of a process that died here")})
	require.NoError(t, err)
	require.NoError(t, dir.Replace(map[string][]byte{"a": nil}))
	require.NoDirExists(t, staging)
}

// A name of any length that a file system takes, and a working directory by any name.
func TestReplaceTakesLongNames(t *testing.T) {
	t.Parallel()
	for _, length := range []int{200, 201, 236, 255} {
		dir := Dir{Path: filepath.Join(t.TempDir(), strings.Repeat("a", length)), Names: []string{"a", "b"}}
		require.NoError(t, dir.Replace(set("old")))
		require.NoError(t, dir.Replace(set("new")))
		got, err := dir.Read()
		require.NoError(t, err)
		assert.Equal(t, set("new"), got)
	}
}

func TestReplaceKnowsTheWorkingDirectoryByAnotherName(t *testing.T) {
	parent := t.TempDir()
	here, link := filepath.Join(parent, "real", "here"), filepath.Join(parent, "link")
	require.NoError(t, os.MkdirAll(here, 0o700))
	if err := os.Symlink(filepath.Join(parent, "real"), link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	t.Chdir(here)
	require.ErrorIs(t, Dir{Path: filepath.Join(link, "here"), Names: []string{"a"}}.Replace(map[string][]byte{"a": nil}), ErrForeign)
}
