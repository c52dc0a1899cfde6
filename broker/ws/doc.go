// Package ws serves STOMP over WebSocket (RFC 6455), for browsers and whoever else
// speaks RabbitMQ's Web STOMP. Only programs that import it compile the library
// underneath:
//
//	b, err := broker.Start(broker.Config{})
//	...
//	uri, err := ws.Listen(b, "127.0.0.1:0", ws.Options{}) // ws://127.0.0.1:15674/ws
//
// [Handler] is for a server that has other things to serve too.
//
// # On the wire
//
// The subprotocols are v12.stomp, v11.stomp and v10.stomp; a peer that names none is
// served as well, and the STOMP version is what CONNECT agrees on, whatever the
// subprotocol. Text and binary messages are read alike, with any number of frames or
// parts of frames in them. Each frame goes out as one message, for there are clients
// that do not look for a second one; only a frame of more than 1 MiB becomes several.
//
// # Who may connect
//
// A browser tells which page it acts for. Pages of other hosts are refused with 403
// unless [Options.Origins] has them: otherwise every page that a user visits could
// talk to a broker that only the user's machine can reach. Pages of the host that the
// request is for may connect if that is an address or localhost, or over TLS of ours;
// another name has to be in Origins, for a page could have given itself one that leads
// to us. A program that is no browser sends no Origin and is not refused; users and
// their passcodes are the broker's business.
//
// # Bounds
//
// Until it has asked for a WebSocket a peer of a listener has
// [Options.RequestTimeout] and 16 KiB of headers, and of such peers there are at most
// [Options.MaxPending], half of them from one address. Then the bounds are those of
// broker.Config. Messages are not compressed, whatever the peer offers. A connection
// takes a goroutine and about 26 KiB of memory.
//
// Imports: github.com/coder/websocket; broker, and internal/wsconn, which makes a
// net.Conn of a WebSocket.
package ws
