package broker

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/stompwire/stompwire/pool"
)

// message is a message that the broker stores: it waits, or is not acknowledged. Its text is what
// all receivers get alike: the header lines of the SEND that are passed on, escaped as in 1.2, the
// content-length and the body. All fields are guarded by the mutex of the destination that has it;
// a message in a transaction belongs to that session's reading goroutine.
type message struct {
	text    *pool.Buffer
	seq     uint64 // number within its destination
	expires int64  // Unix time in milliseconds, 0 for never
	refs    int32  // lines and rings that hold it
	size    int32  // how many bytes it counts for
	nacks   int32
	plain   bool // the header lines are the same in every version
	again   bool // was delivered before

	priority uint8
}

// messageOverhead is about how many bytes a message takes besides its text.
const messageOverhead = 128

var messages = sync.Pool{New: func() any { return new(message) }}

// newMessage returns an empty message with capacity for size bytes of text and no references.
func newMessage(size int) *message {
	m := messages.Get().(*message)
	*m = message{text: pool.Get(size), priority: defaultPriority}
	return m
}

// measure sets how many bytes the message counts for, once its text is complete.
func (m *message) measure() { m.size = int32(min(cap(m.text.B)+messageOverhead, 1<<31-1)) }

// copy returns a message with the text of m behind one more header line, which is escaped as in
// 1.2.
func (m *message) copy(line []byte) *message {
	c := newMessage(len(line) + len(m.text.B))
	c.text.B = append(append(c.text.B, line...), m.text.B...)
	c.plain = m.plain && bytes.IndexByte(line, '\\') < 0 && utf8.Valid(line)
	c.priority = m.priority
	c.measure()
	return c
}

// free returns the memory to the pool. m must have no references.
func (m *message) free() {
	m.text.Release()
	m.text = nil
	messages.Put(m)
}
