// Package churn is the verb churn: it opens and closes connections and subscriptions on a schedule, and
// measures how long each step takes: from the first packet to CONNECTED, from SUBSCRIBE and UNSUBSCRIBE
// to their receipts, and from DISCONNECT to its receipt.
//
// With a rate, connections are due on a schedule whether or not earlier ones are done, up to a
// bound on how many are open at a time. The latency from due includes the time that a connection
// waited for a worker (no coordinated omission). Without a rate, each worker opens and closes one
// connection after the other.
//
// A share of the connections may be half-open: begun up to some point, and then silent until the
// broker closes them or their time is over. The result says what the broker does with them, and how
// they affect the others.
//
// Imports: conn, frame, parser and writer of stompwire, golang.org/x/sys to see the end of a
// connection without reading, packages flags and verb, and the histo, live, pacer, report, stamp and
// transport packages of stompbench.
package churn
