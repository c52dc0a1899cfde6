package conn

import (
	"context"
	"errors"
	"net"

	"github.com/stompwire/stompwire/frame"
)

// Send is [Conn.Send] on the connection that is there. While there is none it
// waits under ctx, or returns a [*NotConnectedError] at once if the client is to
// fail fast. A nil error means that the message is on its way: it is lost if the
// connection is, right then. See SendReceipt and NewProducer.
func (cl *Client) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	ln := cl.laneFor(destination)
	var c *Conn
	for {
		next, err := ln.wait(ctx, c)
		if err != nil {
			return err
		}
		c = next
		if err = c.Send(ctx, destination, body, h...); err == nil || !notSent(err) {
			return err
		}
	}
}

// SendReceipt is [Conn.SendReceipt] on the connection that is there, waiting like
// Send. If that is lost before the receipt, the outcome is unknown and the message
// is not sent again; a producer of NewProducer can do that.
func (cl *Client) SendReceipt(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	ln := cl.laneFor(destination)
	var c *Conn
	for {
		next, err := ln.wait(ctx, c)
		if err != nil {
			return err
		}
		c = next
		if err = c.SendReceipt(ctx, destination, body, h...); err == nil || !notSent(err) {
			return err
		}
	}
}

// Begin is [Conn.Begin] on a connection to send on, waiting like Send. The
// transaction ends with that connection. To acknowledge in it what was received,
// begin it on the subscription.
func (cl *Client) Begin(ctx context.Context, id string) (*Tx, error) {
	return cl.producers[0].begin(ctx, id)
}

func (ln *lane) begin(ctx context.Context, id string) (*Tx, error) {
	var c *Conn
	for {
		next, err := ln.wait(ctx, c)
		if err != nil {
			return nil, err
		}
		c = next
		tx, err := c.Begin(ctx, id)
		if err == nil {
			return tx, nil
		}
		if !notSent(err) {
			return nil, err
		}
	}
}

// notSent reports whether err says that a connection had ended, or was about to,
// before anything was sent on it.
func notSent(err error) bool {
	if errors.Is(err, ErrUnknownOutcome) {
		return false
	}
	return errors.Is(err, net.ErrClosed) || err == ErrDisconnecting
}

// laneFor returns the lane for what goes to destination, always the same one.
func (cl *Client) laneFor(destination string) *lane {
	if len(cl.producers) == 1 {
		return cl.producers[0]
	}
	hash := uint32(2166136261) // FNV-1a
	for i := range len(destination) {
		hash = (hash ^ uint32(destination[i])) * 16777619
	}
	return cl.producers[hash%uint32(len(cl.producers))]
}
