package sms_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files returns the contents of the repository's files with an extension, by name.
func files(t *testing.T, extension string) map[string]string {
	t.Helper()
	contents := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != "." {
			return fs.SkipDir
		}
		if filepath.Ext(name) == extension {
			text, readErr := os.ReadFile(name)
			contents[filepath.ToSlash(name)] = strings.ReplaceAll(string(text), "\r\n", "\n")
			return readErr
		}
		return nil
	}))
	return contents
}

// flat is code without its indentation and empty lines.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// Every block of Go in the documents stands, word for word, in a Go file of the
// repository: what is shown has been compiled.
func TestTheCodeInTheDocumentsIsCompiled(t *testing.T) {
	t.Parallel()
	var compiled strings.Builder
	for _, text := range files(t, ".go") {
		compiled.WriteString(flat(text))
	}
	blocks := 0
	for name, text := range files(t, ".md") {
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1) {
			blocks++
			if !strings.Contains(compiled.String(), flat(block[1])) {
				t.Errorf("%s shows code that no file holds:\n%s", name, block[1])
			}
		}
	}
	assert.GreaterOrEqual(t, blocks, 10)
}

// Every link to a file of the repository, and to a heading in it, resolves.
func TestTheLinksInTheDocumentsResolve(t *testing.T) {
	t.Parallel()
	documents := files(t, ".md")
	links := 0
	for name, text := range documents {
		prose := regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose, -1) {
			links++
			target, anchor, _ := strings.Cut(link[1], "#")
			if strings.HasPrefix(target, "https://") {
				continue
			}
			path := filepath.Join(filepath.Dir(name), target)
			if target == "" {
				path = name
			}
			_, err := os.Stat(path)
			require.NoError(t, err, "%s links to %s", name, link[1])
			if anchor != "" {
				assert.Contains(t, anchors(documents[filepath.ToSlash(path)]), anchor, "%s links to %s", name, link[1])
			}
		}
	}
	assert.GreaterOrEqual(t, links, 5)
}

// anchors are the names of a document's headings as hosts make them.
func anchors(text string) []string {
	var names []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(heading[1], ""))
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}
