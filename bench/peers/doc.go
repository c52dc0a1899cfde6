// Package peers holds benchmarks that run the same work through stompwire and through other
// libraries: go-stomp and stompngo, the STOMP clients for Go; nats.go with nats-server, a fast
// broker; and rows named raw, hand-written bytes for this one case.
//
// It is a module of its own, so that the other libraries are not in the go.mod of stompwire. Each
// is used through its public API with its defaults, except that heart-beats and logs are off.
//
// # What makes the rows comparable
//
//   - The frames of the codec rows are those of bench/cases. A row exists only if the library reads
//     those bytes, or writes exactly those bytes; tests check that.
//   - A row ends when the last byte has arrived, not when it was handed over.
//   - The receiver counts messages and compares sequence and body. The benchmark fails if a message
//     is lost, repeated, out of order or damaged.
//   - Publishers keep a window of messages in flight, the same for all, so that no subscriber is
//     dropped as a slow consumer.
//
// Imports: bench/cases, parser, writer, conn and broker, as a user would.
package peers
