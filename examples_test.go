package sms_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every exported function and method of both packages is used in an example that
// runs, by itself or through a function beside it, but for those that a person never
// calls: what implements an interface of the standard library.
func TestEveryFunctionStandsInAnExample(t *testing.T) {
	t.Parallel()
	implements := []string{
		"Error", "Is", "Unwrap", "String", "GoString", "Format", "LogValue",
		"MarshalJSON", "MarshalText", "UnmarshalJSON", "UnmarshalText",
	}
	for dir, shown := range map[string][]string{".": {"*_test.go"}, "smstest": {"*_test.go", "../*_test.go"}} {
		used := map[string]bool{}
		for _, pattern := range shown {
			for name, file := range parseFiles(t, dir, pattern) {
				for _, decl := range file.Decls {
					f, ok := decl.(*ast.FuncDecl)
					if !ok || !strings.HasPrefix(filepath.Base(name), "example_") && !strings.HasPrefix(f.Name.Name, "Example") {
						continue // the helpers of examples stand in files of examples
					}
					ast.Inspect(f, func(n ast.Node) bool {
						if selector, ok := n.(*ast.SelectorExpr); ok {
							used[selector.Sel.Name] = true
						}
						return true
					})
				}
			}
		}
		declared := map[string]bool{}
		for _, file := range parseFiles(t, dir, "*.go") {
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Name.IsExported() && isExported(f) {
					declared[f.Name.Name] = true
				}
			}
		}
		assert.Greater(t, len(declared), 40, dir)
		for _, name := range slices.Sorted(maps.Keys(declared)) {
			if !used[name] && !slices.Contains(implements, name) {
				t.Errorf("%s: no example uses %s", dir, name)
			}
		}
	}
}

// isExported reports whether f is a function, or a method of an exported type.
func isExported(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	receiver := f.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

// parseFiles parses the files of a folder that match pattern, test files among "*.go" left out.
func parseFiles(t *testing.T, dir, pattern string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	files := map[string]*ast.File{}
	for _, name := range names {
		if pattern == "*.go" && strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		require.NoError(t, err)
		files[name] = file
	}
	return files
}
