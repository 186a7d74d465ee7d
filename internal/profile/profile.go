// Package profile reads the sections of an INI file of credentials. It is not a
// general reader for INI: one that quotes the line it cannot read, as those do, would
// show a secret.
package profile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Parse returns the keys and values of each section. Lines are "[section]", "key = value",
// comments that begin with # or ;, or empty; white space around names and values is
// dropped. A key outside of a section, and a section or a key that comes twice, are errors.
// Errors name the line and never quote it.
func Parse(text string) (map[string]map[string]string, error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, errors.New("not a text file in UTF-8")
	}
	sections := map[string]map[string]string{}
	var current map[string]string
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			name, err := sectionName(line)
			if err == nil && sections[name] != nil {
				err = errors.New("a section that has come before")
			}
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			current = map[string]string{}
			sections[name] = current
			continue
		}
		if err := add(current, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return sections, nil
}

func sectionName(line string) (string, error) {
	name, closed := strings.CutSuffix(line[1:], "]")
	name = strings.TrimSpace(name)
	if !closed || name == "" || strings.ContainsAny(name, "[]") {
		return "", errors.New("not a section: it should look like [global]")
	}
	return name, nil
}

func add(section map[string]string, line string) error {
	key, value, found := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	switch {
	case !found || key == "":
		return errors.New("neither a section nor key = value")
	case section == nil:
		return errors.New("a key before the first section")
	}
	if _, twice := section[key]; twice {
		return errors.New("a key that has come before in this section")
	}
	section[key] = strings.TrimSpace(value)
	return nil
}
