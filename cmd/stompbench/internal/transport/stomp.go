package transport

import (
	"context"
	"runtime"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// STOMP dials brokers with the client. Its connections share event loops, as many
// as there are processors: our handlers never block, and a loop for each
// connection cost a sixth more for each message.
type STOMP struct {
	address string
	config  conn.Config
	engine  *engine.Engine
}

// NewSTOMP returns a dialer for the plan's broker. Close it after the sessions.
func NewSTOMP(p *workload.Plan, address string) (*STOMP, error) {
	loops, err := engine.New(engine.Options{Loops: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, err
	}
	return &STOMP{address: address, engine: loops, config: conn.Config{
		Login:          p.Broker.Login,
		Passcode:       p.Broker.Passcode,
		Host:           p.Broker.VHost,
		Versions:       p.Versions,
		ConnectTimeout: p.ConnectTimeout,
		ReceiptTimeout: max(p.ConnectTimeout, p.DrainTimeout),
		Driver:         loops,
	}}, nil
}

// Dial connects to the broker.
func (d *STOMP) Dial(ctx context.Context, onFail func(error)) (Session, error) {
	cfg := d.config
	cfg.OnClose = onFail
	// RabbitMQ answers what it cannot route with an ERROR that names no frame,
	// and may keep the connection: without this, that would look like silence.
	cfg.OnError = func(e *conn.ServerError) { onFail(e) }
	c, err := conn.Dial(ctx, d.address, &cfg)
	if err != nil {
		return nil, err
	}
	return session{c}, nil
}

// Close stops the event loops.
func (d *STOMP) Close() error { return d.engine.Close() }

// session is a *conn.Conn with the methods of Session.
type session struct{ *conn.Conn }

func (s session) NewSender(destination string, headers []frame.Field, window int, outcome func(conn.Outcome)) (Sender, error) {
	cfg := conn.ProducerConfig{Destination: destination, Headers: headers, OnOutcome: outcome}
	if window > 0 {
		// The run keeps to its window itself, to know when it waits. The
		// client's counts from the oldest unconfirmed message, and must not be
		// in the way when receipts come out of order.
		cfg.Window = min(4*window, conn.MaxWindow)
	}
	p, err := s.NewProducer(cfg)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (s session) Subscribe(ctx context.Context, destination string, ack frame.AckMode, handle Handler) (Subscription, error) {
	sub, err := s.Conn.Subscribe(ctx, destination, func(_ context.Context, m *conn.Message) {
		handle(m.Body, delivery{m})
	}, conn.SubscribeOptions{Ack: ack})
	if err != nil {
		return nil, err // and not a nil pointer in an interface
	}
	return sub, nil
}

// delivery is one pointer wide, so making it an interface does not allocate.
type delivery struct{ m *conn.Message }

func (d delivery) Ack() error { return d.m.Ack() }
