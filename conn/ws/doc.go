// Package ws carries STOMP over WebSocket (RFC 6455), compatible with RabbitMQ's Web STOMP and with
// Spring. Only programs that import it compile the WebSocket library:
//
//	c, err := conn.Dial(ctx, "wss://guest:guest@broker/ws", &conn.Config{WebSocket: ws.Client})
//
// STOMP does not depend on the boundaries of WebSocket messages: one write of the client becomes
// one message, often with several frames in it. ActiveMQ's own WebSocket connector is an exception:
// it reads one frame per message and loses the others.
//
// Imports: github.com/coder/websocket; internal/wsconn, which makes a net.Conn of it; and
// engine/link, which measures the progress of writes below it.
package ws
