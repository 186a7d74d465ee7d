package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
)

func TestDemoSavesWhatLoads(t *testing.T) {
	t.Parallel()
	for _, withPass := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "task")
		args := []string{"-demo", "-out", dir}
		if withPass {
			args = append(args, "-passphrase")
		}
		require.NoError(t, run(t.Context(), args))
		material, pass, err := sms.LoadFiles(dir)
		require.NoError(t, err)
		assert.Equal(t, withPass, !pass.IsZero())
		if withPass {
			require.NoError(t, material.Verify(pass, time.Now()))
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"-task and -out are needed": {"-task", "x"},
		"unknown region":            {"-task", "x", "-out", "y", "-region", "mars-1"},
		"-token-file":               {"-task", "x", "-out", "y", "-region", "cn-north-4", "-token-file", "/does/not/exist"},
	} {
		require.ErrorContains(t, run(context.WithoutCancel(t.Context()), args), says)
	}
}
