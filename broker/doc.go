// Package broker is a STOMP 1.0, 1.1 and 1.2 broker that lives in memory, inside a Go program: what
// httptest is for HTTP. It is the default target of stompbench, the peer in the tests of this
// module, and meant for the tests of yours. It is not durable; use RabbitMQ, Artemis or ActiveMQ
// for that.
//
//	b, err := broker.Start(broker.Config{})
//	defer b.Close()
//	connect(b.URI()) // stomp://127.0.0.1:41613
//
// [Broker.ListenTLS] adds TLS, package broker/ws WebSocket. docs/broker.md lists all bounds, and
// the rules of the protocol with their tests.
//
// # Destinations
//
// A name that begins with /topic/ is a topic: every subscription that exists at the time gets a
// copy of each message. Any other name is a queue: each message goes to one subscription, in turn
// among those that can take one, and waits when there is none. Names are compared octet by octet. A
// name that other brokers take for a pattern (*, > or # between dots or slashes) is refused, and so
// is an empty one. /temp-queue/ and /temp-topic/ names belong to the connection that uses them: on
// two connections, /temp-queue/a means two queues. A reply-to header with such a name is rewritten
// to one that other connections can send to.
//
// A destination is made by its first message or subscription. It is removed when it is empty and
// has no subscription.
//
// # Delivery
//
// Messages of a queue are delivered in the order in which they came. In the ack mode auto a message
// counts as delivered once it is in the outbox of its connection. In the modes client and
// client-individual it is kept until it is acknowledged. If its subscription ends before that, it
// goes back to its place at the head of the queue and is delivered again with the header
// redelivered:true. NACK does that at once, and after Config.MaxRedeliveries moves the message to
// /queue/DLQ.NAME, or, if it was not sent to a /queue/NAME, to DLQ. and the whole name.
//
// The headers prefetch-count and activemq.prefetchSize of SUBSCRIBE bound how many messages may be
// unacknowledged. A message whose expires header has passed is dropped. Waiting messages of a queue
// are delivered by their priority header, 9 first, and in the order of arrival within one priority.
// A selector is refused.
//
// # Users
//
// With Config.Users a peer has to log in as one of them. Config.Permissions says which destinations
// they may use. A frame about another one is answered with ERROR, and the connection closes. To
// keep a rate the broker stops reading for a while.
//
// # Headers
//
// A MESSAGE has the headers of its SEND, in their order and including repeated ones. Left out are
// headers for the broker (receipt, transaction, content-length), headers that could be taken for
// the broker's own (subscription, message-id, ack, redelivered), and login and passcode, which are
// secret. content-length is written whenever the SEND had one or there is a body. Header values are
// escaped for each receiver. CR is data on 1.0 and 1.1. A line that the version of a receiver
// cannot represent (LF, or a colon in a name, on 1.0; octets that are not UTF-8 on 1.1 and 1.2) is
// left out for that receiver and counted in Stats.HeadersOmitted. The SEND cannot be refused for
// it, because the versions of later receivers are unknown.
//
// # Bounds
//
// A destination holds Config.QueueBytes, waiting and unacknowledged messages together. At the bound
// the broker stops reading the connections that send to it until half of that is free. TCP slows
// the producers down, no message is dropped, and other destinations are not affected. So a
// connection that sends to a full queue must not be the only one that could empty it. Everything
// else that a peer can make the broker store has a bound in [Config], too, and is answered with an
// ERROR frame beyond it.
//
// A SEND is refused if its MESSAGE could exceed what readers accept: the default [frame.Limits], or
// Config.Limits where they are larger. So no message ends the connections of readers with default
// limits again and again.
//
// # Faults
//
// [Broker.Inject] makes the broker misbehave, frame by frame: lose a message, deliver it twice or
// late, hold a receipt back, refuse, stop answering, cut the connection. With it a test can show
// how a client reacts. [Shares] applies faults to exact shares of all messages, and [Broker.Stats]
// counts them.
//
// # Threads and locks
//
// Frames are handled on the reading goroutine of their connection: an event loop that many share,
// so nothing there may wait. Each destination has a mutex. A SEND takes it, and with it held the
// outbox of a receiving link, into which the MESSAGE is encoded straight from the bytes that were
// read. Lock order:
//
//	broker | registry → destination → session | outbox of a link
//
// Never two destinations, never two links, nothing held over I/O.
//
// Imports: frame, writer and pool for the bytes; engine, engine/pump and engine/link for the
// connections.
package broker
