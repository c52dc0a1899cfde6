// Package peers holds benchmarks that run the same work through stompwire and
// through others, side by side: go-stomp and stompngo, the STOMP clients that Go
// has; nats.go with nats-server, a broker known for speed; and rows named raw, what
// the bytes alone cost when somebody writes them by hand for this one case.
//
// It is a module of its own, so that the peers never reach the go.mod of
// stompwire. Every peer is used through its public API, with the defaults that its
// users get, except that heart-beats and logs are off.
//
// # What makes the rows comparable
//
//   - The frames of the codec rows are those of bench/cases. A row exists only
//     where its peer reads those bytes, or writes exactly those bytes; tests hold
//     that.
//   - A row ends when the last byte has arrived, not when it has been handed over.
//   - Whoever receives counts, compares sequence and body, and the benchmark fails
//     if a message is lost, repeated, out of order or damaged.
//   - Publishers keep a window of messages in flight, the same for all, so that
//     nobody is dropped as a slow consumer.
//
// Imports: bench/cases, parser, writer, conn and broker, as any user would.
package peers
