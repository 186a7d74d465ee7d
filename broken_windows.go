package sms

import "syscall"

// brokenConnection lists the system's codes for a connection that was refused,
// reset or closed early. An array, so that nothing can change it.
var brokenConnection = [...]error{
	syscall.Errno(10061), // WSAECONNREFUSED
	syscall.WSAECONNRESET,
	syscall.WSAECONNABORTED,
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
}
