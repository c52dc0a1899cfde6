package conn

import (
	"errors"
	"sync"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// ackBatch acknowledges the messages of a subscription in mode client together: one ACK covers a
// message and all before it. (On RabbitMQ it would also cover earlier messages of other
// subscriptions of the connection.) What is not acknowledged when the connection ends is delivered
// again, so up to a batch of messages may be handled twice. Unsubscribe and Disconnect send the
// pending ACK first.
type ackBatch struct {
	sub      *Subscription
	every    int
	interval time.Duration

	mu      sync.Mutex // above the outbox
	w       *wire      // the connection of the pending messages; nil at first
	pending int
	timer   *time.Timer
	id      ackID // of the latest message; owned
}

// ack records that m and all messages before it are handled. It does not keep m, and does not
// allocate.
func (a *ackBatch) ack(m *Message) error {
	a.mu.Lock()
	if a.w != m.w { // the pending messages of the previous connection will be delivered again
		if err := m.w.l.Err(); err != nil {
			a.mu.Unlock()
			return err
		}
		a.w, a.pending = m.w, 0
	}
	id := m.ackID()
	a.id.number = id.number
	a.id.ack = append(a.id.ack[:0], id.ack...)
	a.id.message = append(a.id.message[:0], id.message...)
	a.id.subscription = append(a.id.subscription[:0], id.subscription...)
	if a.pending++; a.pending < a.every && !a.sub.turn.isClosed() {
		if a.pending == 1 {
			a.wait()
		}
		a.mu.Unlock()
		return nil
	}
	return a.flushAndUnlock()
}

// flush acknowledges what is pending.
func (a *ackBatch) flush() error {
	a.mu.Lock()
	return a.flushAndUnlock()
}

// flushOn acknowledges what is pending on w.
func (a *ackBatch) flushOn(w *wire) error {
	a.mu.Lock()
	if a.w != w {
		a.mu.Unlock()
		return nil
	}
	return a.flushAndUnlock()
}

// flushAndUnlock appends the ACK to the outbox with mu held, so that batches leave in their order,
// and traces it without, because Config.Trace may acknowledge.
func (a *ackBatch) flushAndUnlock() error {
	if a.pending == 0 {
		a.mu.Unlock()
		return nil
	}
	w := a.w
	sent, err := w.putAck(a.sub, a.id, frame.CmdAck, nil, nil)
	if errors.Is(err, link.ErrOutboxFull) {
		a.wait()
	} else {
		a.pending = 0
	}
	a.mu.Unlock()
	w.traceSend(sent)
	return err
}

// wait starts the timer that acknowledges the batch after the interval.
func (a *ackBatch) wait() {
	if a.timer == nil {
		a.timer = time.AfterFunc(a.interval, func() { _ = a.flush() })
	} else {
		a.timer.Reset(a.interval)
	}
}

// stop ends the timer.
func (a *ackBatch) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
}
