// Package pump drives links with one reading goroutine each, over any net.Conn:
// TLS, WebSocket, pipes in tests, and every connection where gnet does not run.
// Package engine does the same for kernel sockets with event loops; both run the
// same [link.Link], and a session cannot tell them apart.
//
// A handler may block: only its own link stops being read.
//
// Imports: link. The standard library's net package does the rest.
package pump

import "github.com/stompwire/stompwire/engine/link"

// Driver reads each link on a goroutine of its own. The zero value is ready.
// Safe for concurrent use.
type Driver struct{}

// Start begins to read l. The goroutine ends when the link is closed; OnClose is
// the last thing that it does. It never fails: the error is for drivers that can.
func (Driver) Start(l *link.Link) error {
	go func() { l.End(l.ReadLoop(nil, 0)) }()
	return nil
}
