//go:build !race

package conn_test

// A huge body, and how much memory the process may take, given back or not, while one is sent or received.
const (
	hugeBody  = 256 << 20
	hugeTaken = 8 << 20
)
