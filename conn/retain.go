package conn

import (
	"sync"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

var retained = sync.Pool{New: func() any { return new(Message) }}

// Retain returns the message as an owned one; give it back with Release. If m is borrowed or a
// clone, the result is a copy in pooled memory; if m is retained already, it is m with one more
// reference. The result can be acknowledged like the original. In steady state Retain does not
// allocate. A streamed body is not copied.
func (m *Message) Retain() *Message {
	if m.held != nil {
		m.refs.Add(1)
		return m
	}
	r := retained.Get().(*Message)
	r.w, r.sub, r.number = m.w, m.sub, m.number
	r.refs.Store(1)
	r.copyFrom(m)
	return r
}

func (m *Message) size() int {
	size := len(m.Body)
	for i := range m.Header.Len() {
		name, value := m.Header.At(i)
		size += len(name) + len(value) + 2
	}
	return size
}

func (m *Message) copyFrom(from *Message) {
	m.held = pool.Get(from.size())
	b, spans := m.held.B, m.spans[:0]
	for i := range from.Header.Len() {
		name, value := from.Header.At(i)
		start, colon := len(b), len(b)+len(name)
		b = append(append(b, name...), ':')
		b = append(b, value...)
		spans = append(spans, frame.Span{Start: uint32(start), Colon: uint32(colon), End: uint32(len(b))})
		b = append(b, '\n')
	}
	text := len(b)
	b = append(b, from.Body...)
	m.held.B, m.spans = b, spans
	m.Header = frame.NewHeader(b[:text:text], spans)
	if len(b) > text {
		m.Body = b[text:]
	}
}

// Release releases one reference of a retained message; after the last one the message must not be
// used. For any other message it does nothing.
func (m *Message) Release() {
	if m.held == nil {
		return
	}
	switch n := m.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("stomp: Message.Release without a reference")
	}
	m.held.Release()
	m.Header, m.Body = frame.Header{}, nil
	m.w, m.sub, m.held = nil, nil, nil
	retained.Put(m)
}
