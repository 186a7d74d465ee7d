package smstest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/huaweicloud/sms"
	"example.com/huaweicloud/sms/smstest"
)

// A test that asks for what there is not must not pass for that reason.
func TestMisuseIsNotSilent(t *testing.T) {
	t.Parallel()
	srv := smstest.NewServer()
	t.Cleanup(srv.Close)
	for name, misuse := range map[string]func(){
		"an unknown operation":          func() { srv.Fail("ShowCertkey", smstest.Hang()) },
		"an unknown operation, always":  func() { srv.FailAlways("Nonsense", smstest.Hang()) },
		"an unknown operation drawn":    func() { srv.FailAtRandom("Nonsense", 1, 0.5, smstest.Hang()) },
		"a probability above 1":         func() { srv.FailAtRandom("", 1, 2, smstest.Hang()) },
		"a probability below 0":         func() { srv.FailAtRandom("", 1, -0.1, smstest.Hang()) },
		"no faults to draw from":        func() { srv.FailAtRandom("", 1, 0.5) },
		"an unknown action":             func() { srv.Deny("sms:server:getcert") },
		"an unknown action, allowed":    func() { srv.Allow("") },
		"a status below 100":            func() { smstest.Status(0, "") },
		"a status that is not the last": func() { smstest.Status(103, "") },
		"a nil option":                  func() { smstest.NewServer(nil) },
		"an id that is no text":         func() { srv.AddTask("\xff") },
		"a status above 999":            func() { smstest.Status(1000, "") },
		"a header without a value":      func() { smstest.Status(503, "", strings.Fields("Retry-After")...) },
		"a flood of nothing":            func() { smstest.Flood(200, 1, "") },
		"a flood without a status":      func() { smstest.Flood(0, 1, "x") },
		"pieces of nothing":             func() { smstest.Drip(0, 0) },
		"a redirect that is none":       func() { smstest.Redirect(200, "") },
		"a flood of less than nothing":  func() { smstest.Flood(200, -1, "x") },
		"a bomb of less than nothing":   func() { smstest.GzipBomb(-1) },
		"a header of less than that":    func() { smstest.LongHeader(-1) },
		"no change":                     func() { smstest.Change(nil) },
		"no change on the wire":         func() { smstest.Wire(nil) },
		"no change before a reset":      func() { smstest.Reset(nil) },
		"an unknown connection fault":   func() { srv.FailConnections(smstest.SMS, 99) },
		"an unknown defect":             func() { srv.BreakTLS(-1) },
		"an unknown mode":               func() { srv.SetMetadataMode(99) },
		"no clock":                      func() { smstest.WithClock(nil) },
		"a base path to escape":         func() { smstest.WithBasePath("x y?") },
		"an empty key":                  func() { smstest.WithAccessKey(sms.AccessKey{}) },
		"an unknown service":            func() { srv.FailConnections("smtp", smstest.ConnReset) },
		"an address of none":            func() { smstest.WithAddress("smtp", "127.0.0.1:0") },
	} {
		assert.Panics(t, misuse, name)
	}
	assert.Empty(t, srv.Requests())
}

// Operations and Actions are the constants of this package, all of them.
func TestTheListsOfNamesAreWhole(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, name := range append(smstest.Operations(), smstest.Actions()...) {
		assert.False(t, listed[name], name)
		listed[name] = true
	}
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	constants := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, value := range plainStrings(file) {
			constants++
			assert.True(t, listed[value] || value == smstest.TargetName || value == smstest.DomainName, "%s is not in Operations or Actions", value)
		}
	}
	assert.Len(t, listed, constants-2)
}

// plainStrings returns the values of the exported string constants without a type.
func plainStrings(file *ast.File) (values []string) {
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || spec.Type != nil || len(spec.Values) != 1 || !spec.Names[0].IsExported() {
			return true
		}
		if literal, isLiteral := spec.Values[0].(*ast.BasicLit); isLiteral && literal.Kind == token.STRING {
			values = append(values, strings.Trim(literal.Value, `"`))
		}
		return true
	})
	return values
}
