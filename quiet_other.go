//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package sms

// socket is not to be had: the goroutine that reads may see what has arrived a
// moment after a request was written.
type socket struct{}

func newSocket(*quietConn) *socket { return nil }

func (*socket) read([]byte) (int, error) { return 0, nil }
func (*socket) pending() bool            { return false }
