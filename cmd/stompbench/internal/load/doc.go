// Package load carries out a plan: it opens all connections, subscribes, sends, waits for outcomes
// and messages, disconnects, and closes the books.
//
// # Locks
//
// Each producer and each consumer has its own state under its own lock. For a message only its
// owner takes that lock; the sampler takes it once a second. State that consumers of a group share
// (the ledger), and that workers share (histograms), is written in batches. No lock and no counter
// is shared per message.
//
// Lock order: worker, then group, then recorder.
//
// Imports: procfs, for the times of threads; conn, conn/dialect and frame of stompwire for outcomes and ack modes, and the ledger,
// stamp, machine, metric, pacer, pause, histo, workload, world and transport packages of stompbench.
package load
