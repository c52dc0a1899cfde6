// Package failover is the verb failover: it sends at a steady rate while the broker goes away and
// comes back. Its client reconnects, renews its subscription and redelivers unconfirmed messages. The
// report says how long it took until the first confirmation, until the first message, and until
// messages were on time again, and what was lost and what was repeated.
//
// Messages keep being due while there is no connection. They are sent as soon as there is one, so
// the latency from due includes the whole outage (no coordinated omission).
//
// A repeated message counts as repeated with notice if the broker marked it as redelivered, or if
// the client sent it again with x-possible-duplicate: at least once allows that. Any other repeated
// message is a duplicate.
//
// Threads: one goroutine sends. Outcomes and messages arrive on the connections' reading
// goroutines, and states on goroutines of the client. They share one mutex, which costs nothing at
// the rates of a drill.
//
// Imports: broker, conn, conn/dialect and frame of stompwire, packages flags and verb, and the histo,
// ledger, pacer, pause, report, stamp, transport and world packages of stompbench.
package failover
