// Package churn opens and closes connections and subscriptions on a schedule, and
// measures how long each step takes: from the first packet to CONNECTED, from
// SUBSCRIBE and UNSUBSCRIBE to their receipts, and from DISCONNECT to its.
//
// With a rate, connections are due on a schedule whether or not earlier ones are
// done, up to a bound on how many are open at a time; the latency from due counts
// the time that one waited for its turn. Without one, so many workers open and
// close one after the other.
//
// A share of the connections may be half-open: begun up to some point, and then silent
// for as long as the broker lets them, or they are told to. What it does with them, and
// what they do to the others, is in the result.
//
// Imports: conn, conn/dialect, frame and writer of stompwire, golang.org/x/sys to see the end of a
// connection without reading, and the histo, pacer, stamp and transport packages of stompbench.
package churn
