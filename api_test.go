package sms_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/format"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updateAPI = flag.Bool("update-api", false, "write testdata/api.txt")

// The exported API stands in testdata/api.txt, so that a change to it is seen in a
// review, and made on purpose: make api-accept writes it.
func TestTheAPIIsAsItWasAccepted(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, dir := range []string{".", "smstest"} {
		got.WriteString("package " + dir + "\n\n")
		files := parseFiles(t, dir, "*.go")
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if !ast.FileExports(files[name]) {
				continue
			}
			for _, decl := range files[name].Decls {
				writeDecl(t, &got, decl)
			}
		}
	}
	if *updateAPI {
		require.NoError(t, os.WriteFile("testdata/api.txt", got.Bytes(), 0o600))
	}
	want, err := os.ReadFile("testdata/api.txt")
	require.NoError(t, err)
	accepted := strings.ReplaceAll(string(want), "\r\n", "\n")
	if accepted != got.String() {
		t.Errorf("gone: %q\nnew: %q\nmake api-accept accepts it", beyond(accepted, got.String()), beyond(got.String(), accepted))
	}
}

// beyond returns the lines of text that are not in other.
func beyond(text, other string) []string {
	lines := strings.Split(other, "\n")
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return slices.Contains(lines, line) })
}

func writeDecl(t *testing.T, w *bytes.Buffer, decl ast.Decl) {
	t.Helper()
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if !isExported(d) {
			return
		}
		d.Body = nil
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || len(d.Specs) == 0 {
			return
		}
		for _, spec := range d.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok && (d.Tok == token.VAR || value.Names[0].Name == "Version") {
				value.Values = nil // the API is the name
			}
		}
	}
	require.NoError(t, format.Node(w, token.NewFileSet(), decl))
	w.WriteString("\n")
}
