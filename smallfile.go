package sms

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSmallFile bounds, in bytes, a file that holds a token or a profile.
const maxSmallFile = 64 << 10

// readSmallFile reads a file that the user named. More than 64 KiB are ErrInvalidArgument.
func readSmallFile(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // its name is the user's to choose
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSmallFile+1))
	if err == nil && len(content) > maxSmallFile {
		return "", invalidArgument("the file holds more than 64 KiB")
	}
	return string(content), err
}

// readTokenFile reads a token from a file that something else keeps fresh.
func readTokenFile(what, name string) (string, error) {
	content, err := readSmallFile(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	token := strings.TrimSpace(content)
	return token, checkCredential("the token in "+what, token)
}
