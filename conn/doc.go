// Package conn is the client: STOMP sessions over links. It turns verbs into
// frames appended to an outbox, and frames into calls of your handlers.
//
//	c, err := conn.Dial(ctx, "127.0.0.1:61613", &conn.Config{Login: "guest", Passcode: "guest"})
//	...
//	sub, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{})
//	err = c.Send(ctx, "/queue/orders", []byte("one"))
//	err = c.Disconnect(ctx)
//
// A [Client] does the same and stays connected: it makes a new connection when one
// is lost, subscribes again, and sends again what its producers have no outcome of,
// if told to.
//
// docs/examples.md lists the examples: producers, workers, transactions, request and
// reply, TLS, WebSocket, shutdown.
//
// # Reaching a broker
//
// [Dial] takes "host:port" or a URI. A [Dialer] goes over several addresses, with
// TLS, WebSocket (package conn/ws), Unix sockets, a source address and pauses
// between rounds; [ParseURI] makes one from what users of ActiveMQ and RabbitMQ
// write. [Open] takes any net.Conn.
//
// # Who waits for what
//
// [Conn.Send] returns when the frame is encoded, and waits only while the outbox
// is full, under its context. [Conn.SendReceipt] waits for the receipt. A
// [Producer] keeps a window of confirmed sends in flight and reports each outcome.
//
// Message handlers run on the goroutine that reads the connection, one at a time:
// a slow handler slows the broker down by TCP back-pressure, and does not stop
// heart-beats, acknowledgements or other connections. What waits for the broker
// would wait for ever there, so pass the context that the handler got: calls that
// see it return [ErrWouldBlock] instead.
//
// # Lifetimes
//
// A [Message] is borrowed: valid until its handler returns. [Message.Clone] copies
// it, and [Message.Retain] does into pooled memory; a copy can still be
// acknowledged, for as long as the connection lives that delivered it. What a
// [Consumer] returns is retained.
//
// # Long bodies
//
// A body that should not be in memory as a whole is sent from an io.Reader with
// Conn.SendFrom, and handled while it arrives with SubscribeOptions.StreamOver and
// Message.Reader. Either way the network is read and written no faster than the other
// end of the body.
//
// # Outcomes
//
// A frame that asked for a receipt ends in one of three ways: confirmed (nil),
// rejected by an ERROR frame that names it ([*ServerError]), or unknown
// ([ErrUnknownOutcome]): the connection or the time ended first, and the broker
// may or may not have processed it.
//
// # Brokers
//
// What RabbitMQ, ActiveMQ and Artemis do differently is data: see [Dialect]. Hints such
// as [Prefetch] and [Persistent] become the headers that the broker of the connection
// wants, and a frame that is larger than it takes is refused before it is sent.
//
// # Bodies
//
// Bodies are bytes. [Conn.SendText] leaves content-length away, which makes a text
// message on ActiveMQ. Packages conn/coding and conn/charset compress bodies and make
// text of them; the modules conn/otelstomp and conn/promstomp trace and count.
//
// Imports: frame, writer, parser, pool, engine, engine/link and engine/pump.
// Sessions never see gnet, a file descriptor or a raw byte buffer.
package conn
