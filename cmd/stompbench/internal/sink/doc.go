// Package sink is a STOMP broker that discards all messages and answers receipts: a peer for
// measuring the generator itself. It does as little as possible for a frame, so it supports only
// well-formed frames of clients; anything else ends the connection.
//
// Imports: the standard library only.
package sink
