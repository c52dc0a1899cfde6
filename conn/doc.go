// Package conn is a STOMP client. It connects on first use, stays connected, and tells its caller
// the outcome of every message.
//
//	c, err := conn.Dial(ctx, "stomp://guest:guest@127.0.0.1:61613", nil)
//	...
//	sub, err := c.Subscribe(ctx, "/queue/orders", handle, conn.SubscribeOptions{})
//	err = c.Send(ctx, "/queue/orders", []byte("one"))
//	err = c.Disconnect(ctx)
//
// Send returns when the message is encoded. SendReceipt waits until the broker confirms it. A
// [Producer] keeps a window of confirmed sends in flight and reports each outcome; it can send
// again, on the next connection, what had none. Subscribe calls a handler, Consume fills a bounded
// queue. Begin starts a transaction, Request waits for a reply.
//
// Decisions (when to dial, what to restore, what each RECEIPT and ERROR answers) are made in
// conn/internal/session, a state machine without a clock. This package carries them out: contexts,
// goroutines, one timer per client, handlers, and links.
//
// A frame that asked for a receipt ends in one of four ways: confirmed; refused by an ERROR frame
// ([*ServerError]); unknown ([ErrUnknownOutcome]), because the connection or the time ended first;
// or not sent ([ErrNotSent]), because no byte of it has left. Only after unknown can sending again
// duplicate the message.
//
// A [Message] is borrowed: valid until its handler returns. Retain copies it into pooled memory;
// Token keeps only what is needed to acknowledge it. Handlers run on the goroutine that reads their
// connection, so a slow handler delays only what the broker sends on that connection: messages, and
// answers to calls. A call in a handler that would have to wait for the same connection returns
// [ErrWouldBlock].
//
// Package conn/dialect describes how brokers differ, and has hints that become the headers of the
// connected broker. conn/listen has named listeners like those of stomp.py, conn/ws WebSocket,
// conn/coding and conn/charset encodings of bodies; the modules conn/otelstomp and conn/promstomp
// add traces and metrics.
//
// Imports: conn/internal/session, conn/internal/dial, conn/dialect, engine, engine/link,
// engine/pump, and the codecs.
package conn
