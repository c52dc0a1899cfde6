package conn

import (
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
)

// queue is a bounded queue of retained messages between a connection and the callers of Next.
type queue struct {
	maxMessages, maxBytes int
	drop                  bool // drop messages that do not fit
	firm                  bool // in mode auto; see flow
	dropped               atomic.Uint64
	keep                  atomic.Bool   // keep waiting messages at the end: in mode auto the broker does not have them any more
	ready                 chan struct{} // 1-slot wake-up for one waiting consumer

	mu    sync.Mutex // above Client.mu
	ring  []*Message
	head  int
	count int
	bytes int
	held  *wire // the connection that is held while the queue is full
	free  bool  // the connection is read even if the queue is full
	err   error // why there will be no more messages
}

func (q *queue) init(o *SubscribeOptions) {
	q.maxMessages, q.maxBytes, q.drop = o.MaxMessages, o.MaxBytes, o.DropOverflow
	q.firm = o.Ack == frame.AckAuto
	if !q.firm && !q.drop {
		q.maxMessages++ // the broker is asked for MaxMessages, which may all wait: see prefetch
	}
	q.keep.Store(q.firm)
	q.ready = make(chan struct{}, 1)
}

// prefetch returns the header that asks the broker for at most as many messages as the queue of
// Consume takes. ok is false if there is none to be added to subscribe, the user's headers. A queue
// that drops messages leaves them unacknowledged, which would use up the prefetch.
func (s *Subscription) prefetch(w *wire, subscribe frame.Fields) (f frame.Field, ok bool) {
	if s.queue == nil || s.queue.firm || s.queue.drop {
		return f, false
	}
	return w.dialect.DefaultPrefetch(s.destination, subscribe, s.opts.MaxMessages)
}

func (q *queue) full() bool { return q.count >= q.maxMessages || q.bytes >= q.maxBytes }

// put takes a copy of m, on the goroutine that reads its connection.
func (q *queue) put(m *Message) {
	q.mu.Lock()
	switch {
	case q.err != nil:
		q.mu.Unlock()
		return
	case !q.full() || !q.drop && (q.free || q.held != m.w || !q.firm):
		q.push(m.Retain())
		if !q.drop && !q.free && q.full() && q.held != m.w {
			// The link stops after this frame, so the queue exceeds its bound by one message, by
			// one more for each connection that is lost meanwhile, and by what comes while the
			// broker owes an answer.
			q.release()
			q.held = m.w
			m.w.hold(q.firm)
		}
		q.mu.Unlock()
		q.wake()
		return
	default: // also on a connection that is ending and is not paused any more
		q.mu.Unlock()
	}
	q.dropped.Add(1)
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// push appends m. mu is held.
func (q *queue) push(m *Message) {
	if q.count == len(q.ring) {
		grown := make([]*Message, max(16, 2*q.count))
		for i := range q.count {
			grown[i] = q.ring[(q.head+i)%len(q.ring)]
		}
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.count)%len(q.ring)] = m
	q.count++
	q.bytes += len(m.held.B)
}

// pop returns the oldest message that can still be acknowledged; nil and an error if there is none
// and will be none.
func (q *queue) pop() (*Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.count > 0 {
		m := q.ring[q.head]
		q.ring[q.head] = nil
		q.head = (q.head + 1) % len(q.ring)
		q.count--
		q.bytes -= len(m.held.B)
		if q.count <= q.maxMessages/2 && q.bytes <= q.maxBytes/2 {
			q.release()
		}
		if m.stale() {
			m.Release()
			continue
		}
		if q.count > 0 {
			q.wake() // one wake-up for one consumer: pass it on
		}
		return m, nil
	}
	if q.err != nil {
		q.wake()
	}
	return nil, q.err
}

// release resumes the reading of the connection. mu is held.
func (q *queue) release() {
	if q.held != nil {
		q.held.release(q.firm)
		q.held = nil
	}
}

// stale reports whether the broker will deliver the message again because it cannot be acknowledged
// any more.
func (m *Message) stale() bool {
	if m.sub == nil || m.sub.opts.Ack == frame.AckAuto {
		return false // the broker does not have it any more
	}
	select {
	case <-m.w.l.Done():
		return true
	default:
		return false
	}
}

// unbound makes the queue accept all further messages: the answer to UNSUBSCRIBE is behind them.
func (q *queue) unbound() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free = true
	q.release()
}

// end refuses further messages, and discards the waiting ones unless keep is set.
func (q *queue) end(err error) {
	q.mu.Lock()
	if q.err == nil {
		q.err = err
	}
	for q.count > 0 && !q.keep.Load() {
		m := q.ring[q.head]
		q.ring[q.head] = nil
		q.head = (q.head + 1) % len(q.ring)
		q.count--
		q.bytes -= len(m.held.B)
		m.Release()
	}
	q.release()
	q.mu.Unlock()
	q.wake()
}
