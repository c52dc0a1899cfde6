package transport

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// STOMP dials brokers with the client. Its connections share event loops, as many as there are
// processors, because our handlers do not block: one loop per connection cost a sixth more per
// message. Connections whose handlers block have a goroutine each.
type STOMP struct {
	plan   *workload.Plan
	Driver // that its connections share
}

// NewSTOMP returns a dialer for the plan's brokers. Close it after the sessions.
func NewSTOMP(ctx context.Context, p *workload.Plan) (*STOMP, error) {
	loops, err := Loops(ctx)
	return &STOMP{p, loops}, err
}

// Dial connects to the next broker in turn.
func (d *STOMP) Dial(ctx context.Context, c Connection, onFail func(error)) (Session, error) {
	cfg := conn.Config{Driver: d.Driver, ReceiptTimeout: max(d.plan.ConnectTimeout, d.plan.DrainTimeout)}
	if c.Blocks {
		cfg.Driver = pump.Driver{}
	}
	// RabbitMQ answers an unroutable message with an ERROR that names no frame, and may keep the
	// connection open: without this handler, that would look like silence.
	var connected atomic.Bool
	cfg.Logger = slog.New(refusals{slog.DiscardHandler, func(err error) {
		if connected.Load() { // otherwise it is the result of Dial
			onFail(err)
		}
	}})
	client, err := Reach(ctx, d.plan, c.Number, d.plan.Broker.At(c.Number), cfg)
	if err != nil {
		return nil, err
	}
	connected.Store(true)
	return SessionOf(client, onFail), nil
}

// SessionOf returns the session of a connected client. It fails when the client ends: one that reconnects
// goes on.
func SessionOf(c *conn.Client, onFail func(error)) Session {
	go func() {
		<-c.Done()
		onFail(c.Err())
	}()
	return session{c, Agreed(c)}
}

// session is a client with the methods of Session.
type session struct {
	*conn.Client
	agreed conn.Session
}

func (s session) Agreed() conn.Session { return s.agreed }

func (s session) Subscribe(ctx context.Context, destination string, o conn.SubscribeOptions, handle Handler) (func(context.Context) error, error) {
	sub, err := s.Client.Subscribe(ctx, destination, func(_ context.Context, m *conn.Message) { handle(m.Body, m.Header, m) }, o)
	if err != nil {
		return nil, err
	}
	return sub.Unsubscribe, nil
}

func (s session) NewSender(cfg conn.ProducerConfig, every, transaction int) (Sender, error) {
	if transaction > 0 {
		return &transactions{client: s.Client, cfg: cfg, size: uint64(transaction)}, nil
	}
	if cfg.Window < 0 {
		cfg.OnOutcome = nil // the client wants none without receipts
	}
	asking, err := s.NewProducer(cfg)
	if err != nil || cfg.Window < 0 || every <= 1 {
		return asking, err
	}
	cfg.Window, cfg.OnOutcome = -1, nil
	silent, err := s.NewProducer(cfg)
	return &everyNth{asking: asking, silent: silent, every: uint64(every)}, err
}

// everyNth asks for a receipt only for every nth message.
type everyNth struct {
	asking, silent *conn.Producer
	every, n       uint64
}

func (s *everyNth) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	p := s.silent
	if (s.n+1)%s.every == 0 {
		p = s.asking
	}
	if _, err := p.Send(ctx, body, h...); err != nil {
		return 0, err
	}
	s.n++
	return s.n, nil
}

func (s *everyNth) Flush(ctx context.Context) error { return s.asking.Flush(ctx) }

// refusals handles what the client logs: it passes on the ERRORs, which are those that answer no
// particular call. conn.Config.Trace reports them, too, but copies every frame that is sent.
type refusals struct {
	slog.Handler // discards
	onError      func(error)
}

func (refusals) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h refusals) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		err, _ := a.Value.Any().(error)
		refusal, ok := errors.AsType[*conn.ServerError](err)
		if ok {
			h.onError(refusal)
		}
		return !ok
	})
	return nil
}
