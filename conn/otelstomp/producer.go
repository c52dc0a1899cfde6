package otelstomp

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Producer is a *conn.Producer whose sends have spans.
type Producer struct {
	*conn.Producer
	spans spans
}

// NewProducer makes a producer on c. The span of a send ends with its outcome, or when
// the message is encoded if cfg has no Window.
func (t *Tracing) NewProducer(c *conn.Conn, cfg conn.ProducerConfig) (*Producer, error) {
	p := &Producer{spans: newSpans(t, cfg.Destination, cfg.Window > 0)}
	if cfg.Window > 0 {
		cfg.OnOutcome = p.spans.ending(cfg.OnOutcome)
	}
	inner, err := c.NewProducer(cfg)
	if err != nil {
		return nil, err
	}
	p.Producer = inner
	return p, nil
}

// Send is that of conn.Producer, in a producer span whose trace travels with the
// message.
func (p *Producer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	return p.spans.send(ctx, body, h, p.Producer.Send)
}

// ClientProducer is a *conn.ClientProducer whose sends have spans.
type ClientProducer struct {
	*conn.ClientProducer
	spans spans
}

// NewClientProducer makes a producer of cl. The span of a send ends with its outcome,
// over however many connections it takes.
func (t *Tracing) NewClientProducer(cl *conn.Client, cfg conn.ClientProducerConfig) (*ClientProducer, error) {
	p := &ClientProducer{spans: newSpans(t, cfg.Destination, true)}
	cfg.OnOutcome = p.spans.ending(cfg.OnOutcome)
	inner, err := cl.NewProducer(cfg)
	if err != nil {
		return nil, err
	}
	p.ClientProducer = inner
	return p, nil
}

// Send is that of conn.ClientProducer, in a producer span whose trace travels with the
// message.
func (p *ClientProducer) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	return p.spans.send(ctx, body, h, p.ClientProducer.Send)
}

// SendBy is that of conn.ClientProducer, with a span as in Send.
func (p *ClientProducer) SendBy(ctx context.Context, deadline time.Time, body []byte, h ...frame.Field) (seq uint64, err error) {
	return p.spans.send(ctx, body, h, func(ctx context.Context, body []byte, h ...frame.Field) (uint64, error) {
		return p.ClientProducer.SendBy(ctx, deadline, body, h...)
	})
}

// SendResult is that of conn.ClientProducer, with a span as in Send.
func (p *ClientProducer) SendResult(ctx context.Context, body []byte, h ...frame.Field) (r *conn.Result, err error) {
	_, err = p.spans.send(ctx, body, h, func(ctx context.Context, body []byte, h ...frame.Field) (uint64, error) {
		r, err = p.ClientProducer.SendResult(ctx, body, h...)
		if err != nil {
			return 0, err
		}
		return r.Seq(), nil
	})
	return r, err
}

// spans are those of the sends that have no outcome yet. An outcome may come before
// Send has said of which number it is; then it waits for the span.
type spans struct {
	t           *Tracing
	destination string
	confirmed   bool

	mu    *sync.Mutex
	open  map[uint64]trace.Span
	early map[uint64]conn.Outcome
}

func newSpans(t *Tracing, destination string, confirmed bool) spans {
	return spans{
		t: t, destination: destination, confirmed: confirmed,
		mu: new(sync.Mutex), open: make(map[uint64]trace.Span), early: make(map[uint64]conn.Outcome),
	}
}

type sending func(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error)

func (s *spans) send(ctx context.Context, body []byte, h []frame.Field, send sending) (seq uint64, err error) {
	ctx, span := s.t.startSend(ctx, s.destination, body)
	seq, err = send(ctx, body, s.t.Inject(ctx, h...)...)
	if err != nil || !s.confirmed {
		endSend(span, err)
		return seq, err
	}
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
	return seq, nil
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
