package failover

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// Dial returns a session of the one client, which reconnects by itself: a lost connection does not end
// the session.
func (d *drill) Dial(_ context.Context, _ transport.Connection, onFail func(error)) (transport.Session, error) {
	return &session{transport.SessionOf(d.client, onFail), d}, nil
}

// session tells the drill what the run sends and receives.
type session struct {
	transport.Session
	drill *drill
}

// Disconnect ends the client with the first session, and the record of what happens.
func (s *session) Disconnect(ctx context.Context) (err error) {
	s.drill.goodbye.Do(func() {
		s.drill.end()
		err = s.Session.Disconnect(ctx)
	})
	return err
}

func (s *session) NewSender(cfg conn.ProducerConfig, every, transaction int) (transport.Sender, error) {
	counts := cfg.OnOutcome
	cfg.Redeliver, cfg.MaxBytes = true, 1<<30 // the window bounds it
	cfg.OnOutcome = func(x conn.Outcome) {
		s.drill.outcome(x)
		counts(x)
	}
	inner, err := s.Session.NewSender(cfg, every, transaction)
	return &sender{inner, s.drill}, err
}

type sender struct {
	transport.Sender
	drill *drill
}

func (s *sender) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	s.drill.sends()
	seq, err = s.Sender.Send(ctx, body, h...)
	s.drill.sent(seq != 0)
	return seq, err
}

func (s *session) Subscribe(ctx context.Context, destination string, o conn.SubscribeOptions, handle transport.Handler) (func(context.Context) error, error) {
	var reader stamp.HeaderReader
	return s.Session.Subscribe(ctx, destination, o, func(body []byte, h frame.Header, m transport.Delivery) {
		var block stamp.Stamp
		err := stamp.Read(body, &block)
		if errors.Is(err, stamp.ErrForeign) {
			err = reader.Read(h.Get(stamp.Header), body, &block)
		}
		if err == nil {
			s.drill.received(&block)
		}
		handle(body, h, &delivery{m, h})
	})
}

// delivery also counts as delivered before what the client sent again.
type delivery struct {
	transport.Delivery
	header frame.Header
}

func (d *delivery) Redelivered() bool {
	return d.Delivery.Redelivered() || len(d.header.Get("x-possible-duplicate")) > 0
}
