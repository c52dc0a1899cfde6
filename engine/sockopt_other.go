//go:build !linux && !darwin

package engine

import "net"

// keepOptions does nothing: net.FileConn leaves its default keep-alive settings.
func keepOptions(net.Conn) (restore func()) { return func() {} }
