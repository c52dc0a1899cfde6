// Package sink is a STOMP broker that throws everything away and answers what asks
// for a receipt: the other end of a generator that is to be measured by itself. It
// does as little as it can for a frame, so it knows the frames of clients that mean
// well only; what it does not understand ends the connection.
//
// Imports: the standard library only.
package sink
