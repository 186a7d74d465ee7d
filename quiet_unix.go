//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sms

import (
	"io"
	"net"
	"os"
	"syscall"
)

// socket reads from the kernel with the state of its connection locked, and can see
// whether more has arrived: what is there when a request is written, and what is not,
// is certain then, however late the goroutine that reads wakes up.
type socket struct {
	raw  syscall.RawConn
	conn *quietConn
	take func(fd uintptr) bool // of readOnce, made once
	look func(fd uintptr)      // of peek

	buffer []byte // of the read under way, and what came of it
	n      int
	err    error

	there bool // what peek has seen
}

// newSocket returns nil for a connection that is no socket.
func newSocket(conn *quietConn) *socket {
	system, ok := conn.Conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{raw: raw, conn: conn}
	s.take, s.look = s.readOnce, s.peek
	return s
}

// read is net.Conn's Read.
func (s *socket) read(b []byte) (int, error) {
	s.buffer, s.n, s.err = b, 0, nil
	err := s.raw.Read(s.take)
	s.buffer = nil
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, &net.OpError{
			Op: "read", Net: s.conn.LocalAddr().Network(), Source: s.conn.LocalAddr(), Addr: s.conn.RemoteAddr(),
			Err: os.NewSyscallError("read", s.err),
		}
	case s.n == 0 && len(b) > 0:
		return 0, io.EOF
	default:
		return s.n, nil
	}
}

// readOnce takes what there is, or returns false to be called when there is something.
func (s *socket) readOnce(fd uintptr) bool {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for {
		s.n, s.err = syscall.Read(int(fd), s.buffer)
		if s.err != syscall.EINTR { //nolint:errorlint // the system's own
			break
		}
	}
	if s.err == syscall.EAGAIN { //nolint:errorlint // the system's own
		return false
	}
	s.n = max(s.n, 0)
	s.conn.took(s.n)
	return true
}

// pending reports, with the state locked, whether something has arrived that
// was not read yet.
func (s *socket) pending() bool {
	s.there = false
	err := s.raw.Control(s.look)
	return err != nil || s.there
}

func (s *socket) peek(fd uintptr) {
	var one [1]byte
	n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	s.there = err == nil && n > 0
}
