package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// STOMP dials brokers with the client. Its connections share event loops, as many as there are
// processors, because our handlers do not block: one loop per connection cost a sixth more per
// message. Connections whose handlers block have a goroutine each.
type STOMP struct {
	plan   *workload.Plan
	config conn.Config
	loops  Driver
}

// NewSTOMP returns a dialer for the plan's brokers. Close it after the sessions.
func NewSTOMP(ctx context.Context, p *workload.Plan) (*STOMP, error) {
	loops, err := Loops(ctx)
	if err != nil {
		return nil, err
	}
	return &STOMP{
		plan: p, loops: loops,
		config: conn.Config{
			HeartBeat:      frame.HeartBeat{Send: p.HeartBeat, Receive: p.HeartBeat},
			ReceiptTimeout: max(p.ConnectTimeout, p.DrainTimeout),
			Link:           link.Options{CoalesceReads: p.CoalesceReads},
		},
	}, nil
}

// Dial connects to the next broker in turn.
func (d *STOMP) Dial(ctx context.Context, c Connection, onFail func(error)) (Session, error) {
	cfg := d.config
	cfg.Driver = d.loops
	if c.Blocks {
		cfg.Driver = pump.Driver{}
	}
	// RabbitMQ answers an unroutable message with an ERROR that names no frame, and may keep the
	// connection open: without this handler, that would look like silence.
	var connected atomic.Bool
	cfg.Logger = refusals(func(err error) {
		if connected.Load() { // otherwise it is the result of Dial
			onFail(err)
		}
	})
	client, err := Reach(ctx, d.plan, c.Number, d.plan.Broker.At(c.Number), &cfg)
	if err != nil {
		return nil, err
	}
	connected.Store(true)
	s := session{client, Agreed(client)}
	go func() {
		<-client.Done()
		onFail(client.Err())
	}()
	return s, nil
}

// Close stops the event loops.
func (d *STOMP) Close() error { return d.loops.Close() }

// session is a client of one connection with the methods of Session.
type session struct {
	*conn.Client
	agreed conn.Session
}

func (s session) Agreed() conn.Session { return s.agreed }

func (s session) Subscribe(ctx context.Context, destination string, o conn.SubscribeOptions, handle Handler) (func(context.Context) error, error) {
	d := new(delivery) // reused: messages come one at a time
	sub, err := s.Client.Subscribe(ctx, destination, func(_ context.Context, m *conn.Message) {
		d.Message = m
		handle(m.Body, d)
	}, o)
	if err != nil {
		return nil, err
	}
	return sub.Unsubscribe, nil
}

func (s session) NewSender(o SenderOptions) (Sender, error) {
	if o.Transaction > 0 {
		return &transactions{c: s.Client, o: o}, nil
	}
	plain := conn.ProducerConfig{Destination: o.Destination, Headers: o.Headers, Window: -1}
	if o.Window == 0 {
		return orNil(s.NewProducer(plain))
	}
	cfg := plain
	cfg.Window, cfg.OnOutcome = o.Window, o.Outcome
	confirmed, err := s.NewProducer(cfg)
	if err != nil || o.Every <= 1 {
		return orNil(confirmed, err)
	}
	unconfirmed, err := s.NewProducer(plain)
	if err != nil {
		return nil, err
	}
	return &everyNth{confirmed: confirmed, plain: unconfirmed, every: uint64(o.Every)}, nil
}

// delivery is a message with the methods of Delivery.
type delivery struct{ *conn.Message }

func (d *delivery) Ack() error { return d.Message.Ack() }

func (d *delivery) Nack() error { return d.Message.Nack() }

func (d *delivery) Header(name string) []byte { return d.Message.Header.Get(name) }

// orNil converts a nil pointer to a nil interface.
func orNil(p *conn.Producer, err error) (Sender, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// everyNth asks for a receipt only for every nth message.
type everyNth struct {
	confirmed, plain *conn.Producer
	every, n         uint64
}

func (s *everyNth) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	p := s.plain
	if (s.n+1)%s.every == 0 {
		p = s.confirmed
	}
	if _, err := p.Send(ctx, body, h...); err != nil {
		return 0, err
	}
	s.n++
	return s.n, nil
}

func (s *everyNth) Flush(ctx context.Context) error { return s.confirmed.Flush(ctx) }

// refusals is a logger that passes on the ERRORs that the client logs, which are those
// that answer no particular call. conn.Config.Trace reports them, too, but copies every
// frame that is sent.
func refusals(onError func(error)) *slog.Logger {
	return slog.New(refusalHandler{slog.DiscardHandler, onError})
}

type refusalHandler struct {
	slog.Handler
	onError func(error)
}

func (refusalHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

func (h refusalHandler) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		err, _ := a.Value.Any().(error)
		var refusal *conn.ServerError
		if errors.As(err, &refusal) {
			h.onError(refusal)
		}
		return refusal == nil
	})
	return nil
}
