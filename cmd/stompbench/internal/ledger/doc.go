// Package ledger closes the books of a run: of every message that was sent it records whether it
// was confirmed and whether it arrived: once, twice, late, or never.
//
// A [Set] holds the sequence numbers of one producer that have been seen, in memory that does not
// grow with their number. A [Group] holds one Set for each producer and belongs to the consumers
// that share one copy of the stream: all competing consumers of a queue together, or one subscriber
// of a topic. Closing a group against what the producers sent and had confirmed gives its
// [Balance].
//
// If several processes share a run, each has a [Book]. [Unite] makes one of them, by set union, and
// it is closed like any other.
//
// The types of this package are not safe for concurrent use; their owners guard them. Closing and
// packing settle sets, so they count as writing. Recording allocates only while a window grows to
// its working size, and for messages that are lost.
//
// Imports: roaring64, for numbers that are missing.
package ledger
