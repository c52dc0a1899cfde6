package transport

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func (s session) Subscribe(ctx context.Context, o SubscribeOptions, handle Handler) (Subscription, error) {
	out := &subscription{}
	if o.Ack == frame.AckClient && o.AckEvery > 1 {
		out.acker = conn.NewAcker(conn.AckerConfig{Every: o.AckEvery})
		out.delivery.acker = out.acker
	}
	var err error
	out.sub, err = s.Conn.Subscribe(ctx, o.Destination, func(_ context.Context, m *conn.Message) {
		out.delivery.Message = m
		handle(m.Body, &out.delivery)
	}, conn.SubscribeOptions{Ack: o.Ack, Headers: o.Headers})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// subscription is a *conn.Subscription whose acknowledgements may be gathered.
type subscription struct {
	sub      *conn.Subscription
	acker    *conn.Acker // nil if each message has its ACK
	delivery delivery    // of the message at hand: they come one at a time
}

func (s *subscription) Unsubscribe(ctx context.Context) error {
	if s.acker != nil {
		_ = s.acker.Flush() // the end of the connection is no news by now
	}
	return s.sub.Unsubscribe(ctx)
}

// delivery is a message with the acker of its subscription.
type delivery struct {
	*conn.Message
	acker *conn.Acker
}

func (d *delivery) Ack() error {
	if d.acker != nil {
		return d.acker.Ack(d.Message)
	}
	return d.Message.Ack()
}

func (d *delivery) Nack() error { return d.Message.Nack() }

func (d *delivery) Header(name string) []byte { return d.Message.Header.Get(name) }
