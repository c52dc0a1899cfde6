package conn

import (
	"errors"
	"sync"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// AckerConfig says when an [Acker] acknowledges.
type AckerConfig struct {
	Every    int           // messages; default 100
	Interval time.Duration // after the first message that is not acknowledged; default 100 ms

	// OnError is told what came of acknowledging on the interval. May be nil.
	OnError func(error)
}

// Acker acknowledges the messages of one subscription in mode client in batches:
// one ACK covers a message and all before it. On RabbitMQ it covers all before it
// on the connection, of other subscriptions too. What is not acknowledged when the
// connection ends is delivered again, so a batch is how much may come twice. Safe
// for concurrent use, but the order of the calls counts.
type Acker struct {
	cfg AckerConfig

	mu      sync.Mutex // above the outbox
	c       *Conn      // that delivered what is pending
	pending int
	timer   *time.Timer

	id, messageID, subscription []byte // of the latest message
}

// NewAcker returns an Acker.
func NewAcker(cfg AckerConfig) *Acker {
	if cfg.Every <= 0 {
		cfg.Every = 100
	}
	orDefault(&cfg.Interval, 100*time.Millisecond)
	return &Acker{cfg: cfg}
}

// Ack notes that m and all before it are done with. It is like [Message.Ack] for
// the message that completes a batch, and else returns nil or ErrAckMode. It does
// not keep m, and does not allocate.
func (a *Acker) Ack(m *Message) error {
	if m.sub == nil || m.sub.mode != frame.AckClient {
		return ErrAckMode
	}
	sent, err := a.note(m)
	m.c.tell(sent)
	return err
}

// note returns the ACK that went out, for the listeners, if m completes a batch. They
// are told under no lock.
func (a *Acker) note(m *Message) (sent []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.c != m.c {
		if err := m.c.Err(); err != nil {
			return nil, err
		}
		a.c, a.pending = m.c, 0 // what is pending on the connection before will be delivered again
	}
	a.id = append(a.id[:0], m.Header.Get(frame.HeaderAck)...)
	a.messageID = append(a.messageID[:0], m.ID()...)
	a.subscription = append(a.subscription[:0], m.Header.Get(frame.HeaderSubscription)...)
	a.pending++
	switch {
	case a.pending >= a.cfg.Every:
		return a.flush()
	case a.pending == 1:
		a.wait()
	}
	return nil, nil
}

// Flush acknowledges what is pending. Call it before Unsubscribe or Disconnect. What
// could not be acknowledged, because the outbox is full, is pending still.
func (a *Acker) Flush() error {
	a.mu.Lock()
	c := a.c
	sent, err := a.flush()
	a.mu.Unlock()
	if sent != nil {
		c.tell(sent)
	}
	return err
}

// flush puts the ACK in flight, so that batches leave in their order. mu is held.
func (a *Acker) flush() (sent []byte, err error) {
	if a.pending == 0 {
		return nil, nil
	}
	ack := writer.Ack{ID: a.id, MessageID: a.messageID, Subscription: a.subscription}
	sent, err = a.c.acknowledge(ack, nil, writer.AppendAck)
	if errors.Is(err, link.ErrOutboxFull) {
		a.wait()
		return nil, err
	}
	a.pending = 0
	if a.timer != nil {
		a.timer.Stop()
	}
	return sent, err
}

// wait has tick called after the interval. mu is held.
func (a *Acker) wait() {
	if a.timer == nil {
		a.timer = time.AfterFunc(a.cfg.Interval, a.tick)
		return
	}
	a.timer.Reset(a.cfg.Interval)
}

func (a *Acker) tick() {
	if err := a.Flush(); err != nil && a.cfg.OnError != nil {
		a.cfg.OnError(err)
	}
}
