package load_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/stompwire/stompwire/conn"
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
	// dieAt closes all sessions instead of taking message n.
	dieAt int

	mu        sync.Mutex
	n         int
	turn      int
	handlers  []transport.Handler
	sessions  []*fakeSession
	dialErr   error
	subErr    error
	undelayed bool // messages came before everybody had subscribed
	consumers int
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

func (b *fakeBroker) take(body []byte) (conn.OutcomeStatus, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	if len(b.handlers) < b.consumers {
		b.undelayed = true
	}
	if b.dieAt > 0 && b.n >= b.dieAt {
		for _, s := range b.sessions {
			s.onFail(errFakeDied)
		}
		return 0, errFakeDied
	}
	body = slices.Clone(body)
	if b.deliver == nil {
		b.pass(body)
	} else {
		b.deliver(b.n, body, b.pass)
	}
	if b.outcome != nil {
		return b.outcome(b.n), nil
	}
	return conn.Confirmed, nil
}

// pass hands a body to the consumer whose turn it is, or to all.
func (b *fakeBroker) pass(body []byte) {
	if len(b.handlers) == 0 {
		return
	}
	if b.topic {
		for _, h := range b.handlers {
			h(body, fakeDelivery{})
		}
		return
	}
	b.turn++
	b.handlers[b.turn%len(b.handlers)](body, fakeDelivery{})
}

type fakeDelivery struct{}

func (fakeDelivery) Ack() error           { return nil }
func (fakeDelivery) Nack() error          { return nil }
func (fakeDelivery) Header(string) []byte { return nil }
func (fakeDelivery) Redelivered() bool    { return false }

type fakeSession struct {
	b      *fakeBroker
	onFail func(error)
}

func (s *fakeSession) Version() frame.Version           { return frame.Version12 }
func (s *fakeSession) Server() string                   { return "fake/1" }
func (s *fakeSession) Disconnect(context.Context) error { return nil }
func (s *fakeSession) Close() error                     { return nil }

func (s *fakeSession) Dialect() conn.Dialect { return conn.UnknownBroker.Dialect() }

func (s *fakeSession) NewSender(o transport.SenderOptions) (transport.Sender, error) {
	return &fakeSender{b: s.b, window: o.Window, outcome: o.Outcome}, nil
}

func (s *fakeSession) Subscribe(_ context.Context, o transport.SubscribeOptions, h transport.Handler) (transport.Subscription, error) {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.subErr != nil {
		return nil, s.b.subErr
	}
	s.b.topic = s.b.topic || strings.HasPrefix(o.Destination, "/topic/")
	s.b.handlers = append(s.b.handlers, h)
	return fakeSubscription{}, nil
}

type fakeSubscription struct{}

func (fakeSubscription) Unsubscribe(context.Context) error { return nil }

type fakeSender struct {
	b       *fakeBroker
	window  int
	outcome func(conn.Outcome)
	seq     uint64
}

func (p *fakeSender) Send(_ context.Context, body []byte, _ ...frame.Field) (uint64, error) {
	status, err := p.b.take(body)
	if err != nil {
		return 0, err
	}
	p.seq++
	if p.window > 0 && status != 0 {
		p.outcome(conn.Outcome{Seq: p.seq, Status: status, Err: errFakeDied})
	}
	return p.seq, nil
}

func (p *fakeSender) Flush(context.Context) error { return nil }
