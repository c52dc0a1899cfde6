package transport

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func (s session) Subscribe(ctx context.Context, o SubscribeOptions, handle Handler) (Subscription, error) {
	opts := conn.SubscribeOptions{Ack: o.Ack, Headers: o.Headers}
	if o.Ack == frame.AckClient {
		opts.AckEvery = o.AckEvery
	}
	d := new(delivery) // reused: messages come one at a time
	return subscriptionOrNil(s.Client.Subscribe(ctx, o.Destination, func(_ context.Context, m *conn.Message) {
		d.Message = m
		handle(m.Body, d)
	}, opts))
}

// subscriptionOrNil converts a nil pointer to a nil interface.
func subscriptionOrNil(s *conn.Subscription, err error) (Subscription, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// delivery is a message with the methods of Delivery.
type delivery struct{ *conn.Message }

func (d *delivery) Ack() error { return d.Message.Ack() }

func (d *delivery) Nack() error { return d.Message.Nack() }

func (d *delivery) Header(name string) []byte { return d.Message.Header.Get(name) }
