// Package pool hands out reference-counted byte buffers in a few fixed sizes.
//
// It exists for the bytes that must outlive the buffer they were read into: the
// unfinished frame of a link, what waits in an outbox, a message that waits in a
// queue. Each size class has a bytebufferpool of its own, because one such pool
// that is fed mixed sizes learns the common one and drops the rest, which turns
// every large buffer into garbage.
//
// A [Buffer] is owned by whoever holds a reference; Retain adds one, Release
// gives one back. Built with the tag pooldebug, Release overwrites the bytes, so
// that a use after release shows at once.
//
// The pools are process-wide, as memory is. Everything is safe for concurrent
// use, except that a Buffer's bytes belong to one writer at a time.
//
// Imports: bytebufferpool, which no other package may import.
package pool
