//go:build !windows

package sms

import "syscall"

// brokenConnection lists the system's codes for a connection that was refused,
// reset or closed early.
var brokenConnection = [...]error{
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
}
