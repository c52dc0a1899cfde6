package engine

import "syscall"

// Package syscall lacks two of the names.
const (
	tcpKeepInterval = 0x101
	tcpKeepCount    = 0x102
)

var overwritten = [...]struct{ level, name int }{
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPALIVE},
	{syscall.IPPROTO_TCP, tcpKeepInterval},
	{syscall.IPPROTO_TCP, tcpKeepCount},
}
