package conn

import (
	"context"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// frameOverhead is about what a frame needs beside the strings it is made of.
const frameOverhead = 128

// Send sends a message and returns when it is encoded; body and h are borrowed
// until then. It waits only while the outbox is full, until ctx ends. A nil error
// means that the message is on its way, not that the broker has it; see
// [Conn.SendReceipt] and [Producer]. A receipt header of your own is sent, and its
// RECEIPT told to listeners only; it must not begin with a tilde, as the receipt ids
// of the connection do. It does not allocate.
//
// Errors: a *writer.HeaderError for what cannot be represented, and for ErrReceiptID; a
// *FrameTooLargeError for what the broker would not take; ctx.Err(); ErrWouldBlock in a
// handler; and an error that Is net.ErrClosed. In each case nothing was sent and the
// connection is as good as before.
func (c *Conn) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkOwnReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	if set := c.cfg.Listeners.sends(); set != nil {
		c.announceSend(set, destination, body, h)
	}
	buf, err := c.reserve(ctx, sendSize(destination, body, h))
	if err != nil {
		return err
	}
	out, err := writer.AppendSend(buf, c.version, destination, h, body)
	return c.commit(buf, out, err)
}

// announceSend is apart so that Send itself has no closure to allocate.
func (c *Conn) announceSend(set *listenerSet, destination string, body []byte, h []frame.Field) {
	set.announce(c, func() ([]byte, error) { return writer.AppendSend(nil, c.version, destination, h, body) })
}

// SendReceipt sends a message and waits until the broker confirms it. The error is
// nil then, a [*ServerError] if the broker rejected it, and Is
// [ErrUnknownOutcome] if the connection, ctx or Config.ReceiptTimeout ended first.
func (c *Conn) SendReceipt(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	return c.request(ctx, sendSize(destination, body, h), func(dst []byte, receipt frame.Field) ([]byte, error) {
		return writer.AppendSend(dst, c.version, destination, with(h, receipt), body)
	})
}

// with returns h and one more field, in a slice of its own.
func with(h []frame.Field, f frame.Field) []frame.Field {
	return append(h[:len(h):len(h)], f)
}

func sendSize(destination string, body []byte, h []frame.Field) int {
	return len(body) + len(destination) + fieldsSize(h) + frameOverhead
}

func fieldsSize(h []frame.Field) int {
	size := 0
	for i := range h {
		size += len(h[i].Name) + len(h[i].Value) + 2
	}
	return size
}
