package transport

import (
	"context"
	"net/netip"
	"runtime"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/ws"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// STOMP dials brokers with the client. Its connections share event loops, as many
// as there are processors: our handlers do not block, and a loop for each
// connection cost a sixth more for each message. Those whose handlers do block
// have a goroutine each.
type STOMP struct {
	brokers uri.Brokers
	sources []netip.Addr
	dialer  conn.Dialer // without addresses
	config  conn.Config
	engine  *engine.Engine
}

// NewSTOMP returns a dialer for the plan's brokers. Close it after the sessions.
func NewSTOMP(p *workload.Plan) (*STOMP, error) {
	loops, err := engine.New(engine.Options{Loops: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, err
	}
	return &STOMP{
		brokers: p.Broker, sources: p.Sources, engine: loops,
		dialer: conn.Dialer{
			// What cannot be reached is an answer, not a reason to look elsewhere.
			MaxRounds: 1, KeepOrder: true, NoLoopback: true,
			TLS: p.TLS, WebSocket: ws.Client,
		},
		config: conn.Config{
			Broker:         p.Kind,
			Versions:       p.Versions,
			HeartBeat:      frame.HeartBeat{Send: p.HeartBeat, Receive: p.HeartBeat},
			ConnectTimeout: p.ConnectTimeout,
			ReceiptTimeout: max(p.ConnectTimeout, p.DrainTimeout),
			Link:           link.Options{CoalesceReads: p.CoalesceReads, Limits: p.FrameLimits()},
		},
	}, nil
}

// Dial connects to the broker whose turn it is.
func (d *STOMP) Dial(ctx context.Context, c Connection, onFail func(error)) (Session, error) {
	cfg := d.config
	cfg.Driver = d.engine
	if c.Blocks {
		cfg.Driver = pump.Driver{}
	}
	cfg.OnClose = onFail
	// RabbitMQ answers what it cannot route with an ERROR that names no frame,
	// and may keep the connection: without this, that would look like silence.
	cfg.OnError = func(e *conn.ServerError) { onFail(e) }
	dialer := d.dialer
	dialer.Addresses = []conn.Address{d.brokers.At(c.Number)}
	if len(d.sources) > 0 {
		dialer.LocalAddr = netip.AddrPortFrom(d.sources[c.Number%len(d.sources)], 0)
	}
	nc, err := dialer.Dial(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	return session{nc}, nil
}

// Close stops the event loops.
func (d *STOMP) Close() error { return d.engine.Close() }

// session is a *conn.Conn with the methods of Session.
type session struct{ *conn.Conn }

func (s session) NewSender(o SenderOptions) (Sender, error) {
	cfg := conn.ProducerConfig{Destination: o.Destination, Headers: o.Headers, OnOutcome: o.Outcome}
	if o.Transaction > 0 {
		return &transactions{c: s.Conn, o: o}, nil
	}
	plain := cfg
	cfg.Window = o.Window
	confirmed, err := s.NewProducer(cfg)
	if err != nil || o.Every <= 1 || o.Window == 0 {
		return orNil(confirmed, err)
	}
	plain.OnOutcome = nil
	unconfirmed, err := s.NewProducer(plain)
	if err != nil {
		return nil, err
	}
	return &everyNth{confirmed: confirmed, plain: unconfirmed, every: uint64(o.Every)}, nil
}

// orNil keeps a nil pointer out of an interface.
func orNil(p *conn.Producer, err error) (Sender, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// everyNth asks for a receipt for every nth message only.
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
