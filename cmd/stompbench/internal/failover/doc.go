// Package failover sends at a steady rate through the loss of the broker, with a
// client that reconnects, renews its subscription and sends again what was never
// confirmed, and tells what that cost: how long until the first confirmation and
// the first message, how long until messages were on time again, what was lost and
// what was repeated.
//
// Messages keep being due while there is no connection. They are sent as soon as
// there is one, so the latency from due holds the whole outage.
//
// A message that comes again is repeated with notice if the broker marked it as
// redelivered or we sent it again ourselves, marked with x-possible-duplicate:
// that is what at least once means. Anything else that comes twice is a duplicate.
//
// Threads: one goroutine sends. Outcomes and messages come on the connections'
// reading goroutines, states on their lanes'; they share one mutex, for at the
// rates at which one watches an outage it costs nothing.
//
// Imports: broker, conn, conn/dialect and frame of stompwire, and the histo, ledger, pacer,
// pause, stamp, transport and world packages of stompbench.
package failover
