package engine

import "os"

// fileConn is implemented by *net.TCPConn and *net.UnixConn and by no other net.Conn.
type fileConn interface {
	File() (*os.File, error)
}
