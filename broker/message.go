package broker

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/stompwire/stompwire/pool"
)

// message is a message that the broker holds: it waits, or is not acknowledged.
// Its text is what all receivers get alike: the header lines of the SEND that are
// passed on, escaped as 1.2 does, the content-length and the body. Everything is
// guarded by the mutex of the destination that has it; a message that a transaction
// holds belongs to that session's reading goroutine.
type message struct {
	text    *pool.Buffer
	seq     uint64 // in its destination
	expires int64  // Unix time in milliseconds, 0 for never
	refs    int32  // lines and rings that hold it
	size    int32  // what it counts for
	nacks   int32
	plain   bool // the header lines are the same in every version
	again   bool // was delivered before

	priority uint8
}

// messageOverhead is what a message takes besides its text, about.
const messageOverhead = 128

var messages = sync.Pool{New: func() any { return new(message) }}

// newMessage returns an empty message with room for size bytes of text, which
// nobody holds yet.
func newMessage(size int) *message {
	m := messages.Get().(*message)
	*m = message{text: pool.Get(size), priority: defaultPriority}
	return m
}

// measure fixes what the message counts for, once its text is complete.
func (m *message) measure() { m.size = int32(min(cap(m.text.B)+messageOverhead, 1<<31-1)) }

// copy returns a message with the text of m behind another header line, which is
// escaped as 1.2 does.
func (m *message) copy(line []byte) *message {
	c := newMessage(len(line) + len(m.text.B))
	c.text.B = append(append(c.text.B, line...), m.text.B...)
	c.plain = m.plain && bytes.IndexByte(line, '\\') < 0 && utf8.Valid(line)
	c.priority = m.priority
	c.measure()
	return c
}

// free gives the memory back. Nobody may hold m.
func (m *message) free() {
	m.text.Release()
	m.text = nil
	messages.Put(m)
}
