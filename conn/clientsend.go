package conn

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/stompwire/stompwire/frame"
)

// Send is [Conn.Send] on the connection that is there. While there is none it
// waits under ctx, or returns a [*NotConnectedError] at once if the client is to
// fail fast. A nil error means that the message is on its way: it is lost if the
// connection is, right then. See SendReceipt and NewProducer.
func (cl *Client) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	return cl.laneFor(destination).do(ctx, func(c *Conn) (again bool, err error) {
		err = c.Send(ctx, destination, body, h...)
		return notSent(err), err
	})
}

// SendReceipt is [Conn.SendReceipt] on the connection that is there, waiting like
// Send. If that is lost before the receipt, the outcome is unknown and the message
// is not sent again; a producer of NewProducer can do that.
func (cl *Client) SendReceipt(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	return cl.laneFor(destination).do(ctx, func(c *Conn) (again bool, err error) {
		err = c.SendReceipt(ctx, destination, body, h...)
		return notSent(err), err
	})
}

// SendFrom is [Conn.SendFrom] on the connection that is there, waiting like Send.
// Once something was read from body it is not tried again.
func (cl *Client) SendFrom(ctx context.Context, destination string, body io.Reader, length int64, h ...frame.Field) error {
	once := &reading{r: body}
	return cl.laneFor(destination).do(ctx, func(c *Conn) (again bool, err error) {
		err = c.SendFrom(ctx, destination, once, length, h...)
		return notSent(err) && !once.begun, err
	})
}

// SendFromReceipt is [Conn.SendFromReceipt] on the connection that is there, as
// SendFrom is.
func (cl *Client) SendFromReceipt(ctx context.Context, destination string, body io.Reader, length int64, h ...frame.Field) error {
	once := &reading{r: body}
	return cl.laneFor(destination).do(ctx, func(c *Conn) (again bool, err error) {
		err = c.SendFromReceipt(ctx, destination, once, length, h...)
		return notSent(err) && !once.begun, err
	})
}

// reading notes whether a body was read from, for that cannot be undone.
type reading struct {
	r     io.Reader
	begun bool
}

func (r *reading) Read(p []byte) (int, error) {
	r.begun = true
	return r.r.Read(p)
}

// do has call use the connection that is there, and then the next one for as long as
// it wants to be called again. call is not kept, so that it costs no memory.
func (ln *lane) do(ctx context.Context, call func(c *Conn) (again bool, err error)) error {
	var c *Conn
	for {
		next, err := ln.wait(ctx, c, nil)
		if err != nil {
			return err
		}
		c = next
		if again, err := call(c); !again || ctx.Err() != nil { // which may be the error
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

func (ln *lane) begin(ctx context.Context, id string) (tx *Tx, err error) {
	err = ln.do(ctx, func(c *Conn) (again bool, err error) {
		tx, err = c.Begin(ctx, id)
		return notSent(err), err
	})
	if err != nil {
		return nil, err
	}
	return tx, nil
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
