// Package ws carries STOMP over WebSocket (RFC 6455), as RabbitMQ's Web STOMP and
// Spring speak it. Only programs that import it compile the library underneath:
//
//	c, err := conn.Dial(ctx, "wss://guest:guest@broker/ws", &conn.Config{WebSocket: ws.Client})
//
// STOMP does not depend on where messages begin and end: what the client writes in one
// go becomes one message, often with several frames in it. ActiveMQ's own
// WebSocket connector is an exception: it reads one frame per message and loses
// the others.
//
// Imports: github.com/coder/websocket; internal/wsconn, which makes a net.Conn of it;
// and engine/link, which judges the progress of writes below it.
package ws
