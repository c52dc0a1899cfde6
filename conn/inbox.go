package conn

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
)

// Overflow says what happens when the queue of a [Consumer] is full.
type Overflow uint8

const (
	// OverflowWait stops reading the connection until half of the queue is free.
	// The broker feels that by TCP back-pressure. What is sent, acknowledged or
	// due as heart-beat goes on, but other subscriptions of the connection wait,
	// and so do receipts on it.
	OverflowWait Overflow = iota
	// OverflowDrop drops messages that do not fit, and counts them. In the ack
	// modes of the client the broker keeps them until the connection ends.
	OverflowDrop
	// OverflowClose ends the consumer with ErrSlowConsumer.
	OverflowClose
)

// inbox is a bounded queue of retained messages between a connection and a
// consumer.
type inbox struct {
	maxMessages, maxBytes int
	overflow              Overflow
	slow                  func() // called once, for OverflowClose, without a lock
	dropped               atomic.Uint64
	ready                 chan struct{} // 1-slot wake-up for one waiting consumer

	mu    sync.Mutex // above flow.mu
	ring  []*Message
	head  int
	count int
	bytes int
	held  *Conn // that we keep from being read
	err   error // why there will be no more
}

func (in *inbox) full() bool { return in.count >= in.maxMessages || in.bytes >= in.maxBytes }

// put takes a copy of m, on the goroutine that reads its connection.
func (in *inbox) put(_ context.Context, m *Message) {
	in.mu.Lock()
	switch {
	case in.err != nil:
		in.mu.Unlock()
		return
	case !in.full() || in.overflow == OverflowWait && in.held != m.c:
		in.push(m.Retain())
		if in.overflow == OverflowWait && in.full() && in.held != m.c {
			// The link stops after this frame, so one is all that comes too much;
			// one more for each connection that is lost meanwhile.
			in.release()
			in.held = m.c
			m.c.flow.hold(m.c.l)
		}
		in.mu.Unlock()
		in.wake()
		return
	case in.overflow == OverflowClose:
		in.err = ErrSlowConsumer
		in.mu.Unlock()
		in.wake()
		in.slow()
	default: // or a connection that is being ended and no longer waits for us
		in.mu.Unlock()
	}
	in.dropped.Add(1)
}

func (in *inbox) wake() {
	select {
	case in.ready <- struct{}{}:
	default:
	}
}

// push appends m. mu is held.
func (in *inbox) push(m *Message) {
	if in.count == len(in.ring) {
		grown := make([]*Message, max(16, 2*in.count))
		for i := range in.count {
			grown[i] = in.ring[(in.head+i)%len(in.ring)]
		}
		in.ring, in.head = grown, 0
	}
	in.ring[(in.head+in.count)%len(in.ring)] = m
	in.count++
	in.bytes += len(m.held.B)
}

// pop returns the oldest message that is still good for something; nil and an
// error if there is none and will be none.
func (in *inbox) pop() (*Message, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.count > 0 {
		m := in.ring[in.head]
		in.ring[in.head] = nil
		in.head = (in.head + 1) % len(in.ring)
		in.count--
		in.bytes -= len(m.held.B)
		if in.count <= in.maxMessages/2 && in.bytes <= in.maxBytes/2 {
			in.release()
		}
		if m.stale() {
			m.Release()
			continue
		}
		if in.count > 0 {
			in.wake() // one wake-up for one consumer: pass it on
		}
		return m, nil
	}
	if in.err != nil {
		in.wake()
	}
	return nil, in.err
}

// release lets the connection be read again. mu is held.
func (in *inbox) release() {
	if in.held != nil {
		in.held.flow.release(in.held.l)
		in.held = nil
	}
}

// stale reports whether the broker will deliver the message again, because it can
// not be acknowledged any more.
func (m *Message) stale() bool {
	if m.sub == nil || m.sub.mode == frame.AckAuto {
		return false // nobody has it but us
	}
	select {
	case <-m.c.Done():
		return true
	default:
		return false
	}
}

// end throws away what waits and refuses what comes.
func (in *inbox) end(err error) {
	in.mu.Lock()
	if in.err == nil {
		in.err = err
	}
	for in.count > 0 {
		in.ring[in.head].Release()
		in.ring[in.head] = nil
		in.head = (in.head + 1) % len(in.ring)
		in.count--
	}
	in.bytes = 0
	in.release()
	in.mu.Unlock()
	in.wake()
}
