// Package pool provides reference-counted byte buffers in a few fixed sizes.
//
// They are for bytes that must outlive the buffer they were read into: the unfinished frame of a
// link, an outbox, a message that waits in a queue. Each size class has a bytebufferpool of its
// own, because one such pool that gets mixed sizes learns the common one and drops the rest, which
// turns every large buffer into garbage.
//
// A [Buffer] is owned by the holders of its references; Retain adds a reference, Release releases
// one. Built with the tag pooldebug, Release overwrites the bytes, so that a use after release
// shows at once.
//
// The pools are process-wide, as memory is. Everything is safe for concurrent use, except that only
// one goroutine at a time may write a Buffer's bytes.
//
// Imports: bytebufferpool, which no other package may import.
package pool
