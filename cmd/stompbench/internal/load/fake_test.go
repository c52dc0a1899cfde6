package load_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// fakeBroker is a broker in memory with faults that we know. Its deliveries run on
// the sender's goroutine, one at a time.
type fakeBroker struct {
	topic bool
	// deliver passes message n (from 1, in the order of sending) on, by calling
	// next any number of times; nil calls it once.
	deliver func(n int, body []byte, next func([]byte))
	// outcome says how message n ends; nil confirms it.
	outcome func(n int) conn.OutcomeStatus
	// receiptAfter and deliverAfter say how long after message n its outcome and its
	// delivery come, below 0 never; nil is at once.
	receiptAfter, deliverAfter func(n int) time.Duration
	// againAfter is how long after a NACK a message comes again; below 0 never.
	againAfter time.Duration
	// frozen says for how long the broker reads nothing any more, at a time since began; nil is never.
	frozen func(at time.Duration) time.Duration
	began  time.Time
	// commitUnsent: of a COMMIT that it does not read, nothing was sent.
	commitUnsent bool
	// dieAt closes all sessions instead of taking message n.
	dieAt int
	died  time.Time
	// mute: no DISCONNECT is answered.
	mute bool

	mu         sync.Mutex
	n          int
	turn       int
	handlers   map[string][]transport.Handler // by destination
	to         string                         // destination of the message that is delivered
	subscribed int
	sessions   []*fakeSession
	dialErr    error
	subErr     error
	undelayed  bool // messages came before all consumers had subscribed
	consumers  int
}

var errFakeDied = errors.New("the fake broker has died")

func (b *fakeBroker) Dial(_ context.Context, _ transport.Connection, onFail func(error)) (transport.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dialErr != nil {
		return nil, b.dialErr
	}
	s := &fakeSession{b: b, onFail: onFail}
	b.sessions = append(b.sessions, s)
	return s, nil
}

func (b *fakeBroker) take(to string, body []byte) (n int, status conn.OutcomeStatus, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	b.to = to
	if b.subscribed < b.consumers {
		b.undelayed = true
	}
	if b.dieAt > 0 && b.n >= b.dieAt {
		if b.died.IsZero() {
			b.died = time.Now()
		}
		for _, s := range b.sessions {
			s.onFail(errFakeDied)
		}
		return 0, 0, errFakeDied
	}
	body = slices.Clone(body)
	switch {
	case b.deliverAfter != nil:
		after(b.deliverAfter(b.n), func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.to = to
			b.pass(body)
		})
	case b.deliver == nil:
		b.pass(body)
	default:
		b.deliver(b.n, body, b.pass)
	}
	if b.outcome != nil {
		return b.n, b.outcome(b.n), nil
	}
	return b.n, conn.Confirmed, nil
}

// read returns when the broker reads.
func (b *fakeBroker) read(ctx context.Context) error {
	if b.frozen == nil {
		return nil
	}
	wait := b.frozen(time.Since(b.began))
	if wait <= 0 {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// after calls f after d, and never if that is below 0.
func after(d time.Duration, f func()) {
	if d >= 0 {
		time.AfterFunc(d, f)
	}
}

// pass hands a body to the consumer whose turn it is, or to all.
func (b *fakeBroker) pass(body []byte) {
	handlers := b.handlers[b.to]
	if len(handlers) == 0 {
		return
	}
	if b.topic {
		for _, h := range handlers {
			h(body, frame.Header{}, fakeDelivery{b: b, h: h, body: body})
		}
		return
	}
	b.turn++
	h := handlers[b.turn%len(handlers)]
	h(body, frame.Header{}, fakeDelivery{b: b, h: h, body: body})
}

type fakeDelivery struct {
	b     *fakeBroker
	h     transport.Handler
	body  []byte
	again bool
}

func (fakeDelivery) Ack(...frame.Field) error { return nil }
func (d fakeDelivery) Redelivered() bool      { return d.again }

func (d fakeDelivery) Nack(...frame.Field) error {
	after(d.b.againAfter, func() {
		d.b.mu.Lock()
		defer d.b.mu.Unlock()
		d.again = true
		d.h(d.body, frame.Header{}, d)
	})
	return nil
}

type fakeSession struct {
	b      *fakeBroker
	onFail func(error)
}

func (s *fakeSession) Disconnect(ctx context.Context) error {
	if s.b.mute {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (s *fakeSession) Close() error { return nil }

func (s *fakeSession) Agreed() conn.Session {
	return conn.Session{Version: frame.Version12, Headers: frame.Fields{{Name: frame.HeaderServer, Value: "fake/1"}}, Dialect: dialect.Unknown.Dialect()}
}

func (s *fakeSession) NewSender(cfg conn.ProducerConfig, every, transaction int) (transport.Sender, error) {
	if transaction > 0 {
		return &fakeTransactions{b: s.b, to: cfg.Destination, size: transaction, outcome: cfg.OnOutcome}, nil
	}
	return &fakeSender{b: s.b, to: cfg.Destination, window: cfg.Window, every: max(1, uint64(every)), outcome: cfg.OnOutcome}, nil
}

func (s *fakeSession) Subscribe(_ context.Context, destination string, _ conn.SubscribeOptions, h transport.Handler) (func(context.Context) error, error) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.subErr != nil {
		return nil, s.b.subErr
	}
	s.b.topic = s.b.topic || strings.HasPrefix(destination, "/topic/")
	if s.b.handlers == nil {
		s.b.handlers = make(map[string][]transport.Handler)
	}
	s.b.handlers[destination] = append(s.b.handlers[destination], h)
	s.b.subscribed++
	return func(context.Context) error { return nil }, nil
}

type fakeSender struct {
	b       *fakeBroker
	to      string
	window  int
	every   uint64
	outcome func(conn.Outcome)
	seq     uint64

	mu      sync.Mutex
	open    int           // outcomes that are to come
	settled chan struct{} // closed when open is 0 and a Flush waits
}

func (p *fakeSender) Send(ctx context.Context, body []byte, _ ...frame.Field) (uint64, error) {
	if err := p.b.read(ctx); err != nil {
		return 0, err
	}
	n, status, err := p.b.take(p.to, body)
	if err != nil {
		return 0, err
	}
	p.seq++
	if p.window < 0 || status == 0 || p.seq%p.every != 0 {
		return p.seq, nil
	}
	o := conn.Outcome{Seq: p.seq / p.every, Status: status, Err: errFakeDied}
	if p.b.receiptAfter == nil {
		p.outcome(o)
		return p.seq, nil
	}
	p.mu.Lock()
	p.open++
	p.mu.Unlock()
	after(p.b.receiptAfter(n), func() {
		p.outcome(o)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open--; p.open == 0 && p.settled != nil {
			close(p.settled)
		}
	})
	return p.seq, nil
}

func (p *fakeSender) Flush(ctx context.Context) error {
	p.mu.Lock()
	settled := make(chan struct{})
	if p.settled = settled; p.open == 0 {
		close(settled)
	}
	p.mu.Unlock()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fakeTransactions keeps messages until their transaction is committed.
type fakeTransactions struct {
	b       *fakeBroker
	to      string
	size    int
	outcome func(conn.Outcome)
	seq     uint64
	open    [][]byte
}

func (p *fakeTransactions) Send(ctx context.Context, body []byte, _ ...frame.Field) (uint64, error) {
	if err := p.b.read(ctx); err != nil {
		return 0, err
	}
	p.open = append(p.open, slices.Clone(body))
	if p.seq++; len(p.open) < p.size {
		return p.seq, nil
	}
	return p.seq, p.Flush(ctx)
}

// Flush commits. If COMMIT could not be sent there is no outcome; if its receipt did not come, it is
// unknown.
func (p *fakeTransactions) Flush(ctx context.Context) error {
	open := p.open
	p.open = nil
	o := conn.Outcome{Seq: p.seq - uint64(len(open)), Status: conn.Confirmed}
	if len(open) > 0 {
		if err := p.b.read(ctx); err != nil {
			if p.b.commitUnsent {
				return err
			}
			o.Status, o.Err = conn.Unknown, fmt.Errorf("%w: %w", conn.ErrUnknownOutcome, err)
		}
	}
	for _, body := range open {
		if o.Status != conn.Unknown {
			_, status, err := p.b.take(p.to, body)
			if err != nil {
				return err
			}
			if o.Status == conn.Confirmed {
				o.Status = status
			}
		}
	}
	for range open {
		o.Seq++
		p.outcome(o)
	}
	return o.Err
}
