// Package ws carries STOMP over WebSocket (RFC 6455), as RabbitMQ's Web STOMP and
// Spring speak it. Only programs that import it compile the library underneath:
//
//	d, err := conn.ParseURI("wss://guest:guest@broker/ws")
//	...
//	d.WebSocket = ws.Client
//	c, err := d.Dial(ctx, nil)
//
// STOMP does not care where messages begin and end: what the session writes in one
// go becomes one message, often with several frames in it. ActiveMQ's own
// WebSocket connector is the exception: it reads one frame per message and loses
// the others.
//
// Imports: github.com/coder/websocket, and internal/wsconn, which makes a net.Conn
// of it.
package ws
