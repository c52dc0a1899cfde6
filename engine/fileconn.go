package engine

import "os"

// fileConn is what *net.TCPConn and *net.UnixConn have and other net.Conns do not.
type fileConn interface {
	File() (*os.File, error)
}
