package otelstomp

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Producer is a *conn.Producer whose sends have spans.
type Producer struct {
	*conn.Producer
	spans *spans
}

// NewProducer makes a producer of c. The span of a send ends with its outcome, even after a
// reconnect, or when the message is encoded if cfg asks for no receipts.
func (t *Tracing) NewProducer(c *conn.Client, cfg conn.ProducerConfig) (*Producer, error) {
	p := &Producer{spans: newSpans(t, cfg.Destination, cfg.Window >= 0)}
	if p.spans.confirmed {
		cfg.OnOutcome = p.spans.ending(cfg.OnOutcome)
	}
	inner, err := c.NewProducer(cfg)
	if err != nil {
		return nil, err
	}
	p.Producer = inner
	return p, nil
}

// Send is conn.Producer.Send in a producer span whose trace travels with the message.
func (p *Producer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	ctx, span := p.spans.t.startSend(ctx, p.spans.destination, body)
	seq, err = p.Producer.Send(ctx, body, p.spans.t.Inject(ctx, h...)...)
	if err != nil || !p.spans.confirmed {
		endSend(span, err)
		return seq, err
	}
	p.spans.sent(seq, span)
	return seq, nil
}

// spans holds the spans of the sends that have no outcome yet. An outcome may come before Send has
// returned the sequence number; then it waits for the span.
type spans struct {
	t           *Tracing
	destination string
	confirmed   bool

	mu    sync.Mutex
	open  map[uint64]trace.Span
	early map[uint64]conn.Outcome
}

func newSpans(t *Tracing, destination string, confirmed bool) *spans {
	return &spans{
		t: t, destination: destination, confirmed: confirmed,
		open: make(map[uint64]trace.Span), early: make(map[uint64]conn.Outcome),
	}
}

// sent registers the span of send seq, and ends it if the outcome has come already.
func (s *spans) sent(seq uint64, span trace.Span) {
	s.mu.Lock()
	outcome, early := s.early[seq]
	if early {
		delete(s.early, seq)
	} else {
		s.open[seq] = span
	}
	s.mu.Unlock()
	if early {
		endWith(span, outcome)
	}
}

// ending returns an OnOutcome that ends spans, and then calls next.
func (s *spans) ending(next func(conn.Outcome)) func(conn.Outcome) {
	return func(o conn.Outcome) {
		s.mu.Lock()
		span, open := s.open[o.Seq]
		if open {
			delete(s.open, o.Seq)
		} else {
			s.early[o.Seq] = o
		}
		s.mu.Unlock()
		if open {
			endWith(span, o)
		}
		if next != nil {
			next(o)
		}
	}
}

func endWith(span trace.Span, o conn.Outcome) {
	span.SetAttributes(attribute.String("stomp.outcome", o.Status.String()))
	endSend(span, o.Err)
}
