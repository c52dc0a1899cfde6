// Package load carries out a plan: it connects everybody, has the consumers'
// subscriptions confirmed, sends, lets outcomes and messages come in, disconnects,
// and closes the books.
//
// # Who touches what
//
// Each producer and each consumer has its own state under its own lock, which
// only it takes for a message; the sampler takes it once a second. What
// consumers of a group share (the ledger) and what workers share (histograms) is
// written in batches. No lock and no counter is shared per message.
//
// Lock order: worker, then group, then recorder.
//
// Imports: conn, conn/dialect and frame of stompwire for outcomes and ack modes, and the ledger,
// stamp, pacer, pause, histo, workload, world and transport packages of stompbench.
package load
