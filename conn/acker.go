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

	// OnError is told what came of acknowledging on the interval, or at the end of the
	// subscription. It is called under no lock. May be nil.
	OnError func(error)
}

// Acker acknowledges the messages of one subscription in mode client in batches:
// one ACK covers a message and all before it. On RabbitMQ it covers all before it
// on the connection, of other subscriptions too. What is not acknowledged when the
// connection ends is delivered again, so a batch is how much may come twice.
// Unsubscribe and Disconnect send what is pending ahead of their frames. Safe for
// concurrent use, but the order of the calls counts.
type Acker struct {
	cfg AckerConfig

	mu      sync.Mutex    // above the outbox
	sub     *Subscription // of what is pending; nil at first
	pending int
	waiting bool // for the timer; the subscription knows of us then
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
	before, sent, err := a.note(m)
	m.c.tell(before)
	m.c.tell(sent)
	return err
}

// note returns the ACK that went out, for the listeners, if m completes a batch; and that
// of another subscription before, if it was pending. They are told under no lock.
func (a *Acker) note(m *Message) (before, sent []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sub != m.sub {
		if before, err = a.turnTo(m.sub); err != nil {
			return nil, nil, err
		}
	}
	a.id = append(a.id[:0], m.Header.Get(frame.HeaderAck)...)
	a.messageID = append(a.messageID[:0], m.ID()...)
	a.subscription = append(a.subscription[:0], m.Header.Get(frame.HeaderSubscription)...)
	if a.pending++; a.pending < a.cfg.Every {
		if a.pending == 1 {
			a.wait()
		}
		if !m.sub.leaving.Load() {
			return before, nil, nil
		}
	}
	sent, err = a.flush()
	return before, sent, err
}

// turnTo has sub be the one whose messages are acknowledged. What is pending on the
// connection before will be delivered again. mu is held.
func (a *Acker) turnTo(sub *Subscription) (sent []byte, err error) {
	if err := sub.c.Err(); err != nil {
		return nil, err
	}
	if a.sub != nil && a.sub.c == sub.c {
		if sent, err = a.flush(); errors.Is(err, link.ErrOutboxFull) {
			return nil, err
		}
	}
	a.settled()
	a.sub = sub
	return sent, nil
}

// Flush acknowledges what is pending. What could not be acknowledged, because the outbox
// is full, is pending still.
func (a *Acker) Flush() error {
	a.mu.Lock()
	sub := a.sub
	sent, err := a.flush()
	a.mu.Unlock()
	if sent != nil {
		sub.c.tell(sent)
	}
	return err
}

// flushOf is Flush for sub alone, by someone who has nobody to return an error to. It
// returns whether it found the outbox full.
func (a *Acker) flushOf(sub *Subscription) (full bool) {
	a.mu.Lock()
	if a.sub != sub {
		a.mu.Unlock()
		return false
	}
	sent, err := a.flush()
	a.mu.Unlock()
	sub.c.tell(sent)
	full = errors.Is(err, link.ErrOutboxFull)
	if err != nil && !full {
		a.failed(err)
	}
	return full
}

// flush puts the ACK in flight, so that batches leave in their order. mu is held.
func (a *Acker) flush() (sent []byte, err error) {
	if a.pending == 0 {
		return nil, nil
	}
	ack := writer.Ack{ID: a.id, MessageID: a.messageID, Subscription: a.subscription}
	sent, err = a.sub.c.acknowledge(a.sub, ack, nil, writer.AppendAck)
	if errors.Is(err, link.ErrOutboxFull) {
		a.wait()
		return nil, err
	}
	a.settled()
	return sent, err
}

// settled takes note that nothing is pending any more. mu is held.
func (a *Acker) settled() {
	a.pending = 0
	if a.waiting {
		a.waiting = false
		a.timer.Stop()
		a.sub.removeAcker(a)
	}
}

// wait has tick called after the interval, or someone who ends the subscription flush
// before. mu is held.
func (a *Acker) wait() {
	if a.timer == nil {
		a.timer = time.AfterFunc(a.cfg.Interval, a.tick)
	} else {
		a.timer.Reset(a.cfg.Interval)
	}
	if !a.waiting {
		a.waiting = true
		a.sub.addAcker(a)
	}
}

func (a *Acker) tick() {
	if err := a.Flush(); err != nil {
		a.failed(err)
	}
}

func (a *Acker) failed(err error) {
	if a.cfg.OnError != nil {
		a.cfg.OnError(err)
	}
}
