// Package ws serves STOMP over WebSocket (RFC 6455), for browsers and other clients of RabbitMQ's
// Web STOMP. Only programs that import it compile the WebSocket library:
//
//	b, err := broker.Start(broker.Config{})
//	...
//	uri, err := ws.Listen(b, "127.0.0.1:0", ws.Options{}) // ws://127.0.0.1:15674/ws
//
// [Handler] is for an HTTP server that serves other things, too.
//
// # On the wire
//
// The subprotocols are v12.stomp, v11.stomp and v10.stomp. A peer that names none is served, too.
// CONNECT decides the STOMP version, whatever the subprotocol. Text and binary messages are read
// alike, with any number of frames or parts of frames in them. Each frame goes out as one message,
// because some clients look for only one frame in a message; a frame of more than 1 MiB becomes
// several messages.
//
// # Who may connect
//
// A browser says which page it acts for. Pages of other hosts are refused with 403 unless
// [Options.Origins] has them: otherwise every page that a user visits could talk to a broker that
// only the user's machine can reach. Pages of the host that the request is for may connect if that
// host is an IP address or localhost, or if we serve TLS. Any other name has to be in Origins,
// because an attacker's page can have a name that resolves to our address. A program that is not a
// browser sends no Origin and is not refused; the broker checks users and passcodes.
//
// # Bounds
//
// Until it has asked for a WebSocket a peer of a listener has [Options.RequestTimeout] and 16 KiB
// of headers. There are at most [Options.MaxPending] such peers, half of them from one address.
// Then the bounds of broker.Config apply. Messages are not compressed, whatever the peer offers. A
// connection costs a goroutine and about 26 KiB of memory.
//
// Imports: github.com/coder/websocket; broker, and internal/wsconn, which makes a net.Conn of a
// WebSocket.
package ws
