// Package pump reads each link with a goroutine of its own, over any net.Conn: TLS, WebSocket,
// pipes in tests, and every connection on systems where gnet does not run. Package engine does the
// same for kernel sockets with event loops. Both drive the same [link.Link], and a session cannot
// tell them apart.
//
// A handler may block: then only its own link is not read.
//
// Imports: link. The standard library's net package does the rest.
package pump

import "github.com/stompwire/stompwire/engine/link"

// Driver reads each link on a goroutine of its own. The zero value is ready.
// Safe for concurrent use.
type Driver struct{}

// Start begins to read l. The goroutine calls OnClose last and ends when the link is closed. Start
// never fails: other drivers can.
func (Driver) Start(l *link.Link) error {
	go func() { l.End(l.ReadLoop(nil, 0)) }()
	return nil
}
