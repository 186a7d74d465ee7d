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
	"testing"

	"github.com/stretchr/testify/assert"
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
	assert.Equal(t, string(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))), got.String(), "make api-accept accepts it")
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
