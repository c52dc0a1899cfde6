package conn

import (
	"context"
	"io"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// The parser hands on long bodies in parts. What happens to them depends on the frame:
//
//	MESSAGE for a subscription with StreamOver → a pipe, whose other end its handler reads
//	a body above our limits                    → skipped, reported, and refused: see skip.go
//	any other frame                            → gathered, and handled when it is whole
//
// The handler of a streamed message has a goroutine of its own. The reading goroutine waits for it,
// so the handler behaves as if it ran there.

// bodyStream is one message that is being streamed.
type bodyStream struct {
	r      *io.PipeReader
	w      *io.PipeWriter
	length int64         // -1 if it is not known
	done   chan struct{} // closed when the handler has returned
	stop   func() bool   // stops waiting for the end of the connection
}

// gathering is one long frame that is not streamed.
type gathering struct {
	command frame.Command
	header  frame.Header
	body    *pool.Buffer // nil if the frame is skipped
	size    int64

	unwanted bool // its subscription is ending: skip it, and do not refuse it
}

// maxTrust caps the memory reserved for an announced content-length.
const maxTrust = 64 << 10

// bodyThreshold is the length in bytes from which bodies come in parts: that of the shortest body
// that is streamed or skipped.
func (c *Client) bodyThreshold() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	threshold := c.cfg.Link.Limits.Body
	if c.streamOver > 0 {
		threshold = min(threshold, c.streamOver)
	}
	return threshold
}

// streamBodies makes bodies longer than over come in parts from now on. Client.mu is held.
func (c *Client) streamBodies(over int) {
	if over == 0 || c.streamOver != 0 && over >= c.streamOver {
		return
	}
	c.streamOver = over
	for _, w := range c.wires {
		if w.l != nil {
			w.l.SetBodyThreshold(over)
		}
	}
}

// OnBodyStart is called by the link.
func (h *wireHandler) OnBodyStart(f *frame.Frame, length int64) error {
	w := (*wire)(h)
	w.settleReceipts()
	if f.Command == frame.CmdMessage && w.connected.Load() {
		sub, _ := w.subscriptionOf(f)
		if sub != nil && sub.opts.StreamOver > 0 && (length < 0 || length > int64(sub.opts.StreamOver)) {
			if sub.takes(w, f) {
				w.startStream(f, sub, length)
			} else {
				w.gathered = &gathering{command: f.Command, unwanted: true}
			}
			return nil
		}
	}
	w.gathered = &gathering{command: f.Command, header: f.Header.Clone()}
	if length > w.maxBody() {
		if !w.skippable() {
			return w.bodyTooLong(f.Command)
		}
		return nil
	}
	w.gathered.body = pool.Get(int(max(0, min(length, maxTrust))))
	return nil
}

// skippable reports whether the frame that is gathered can be skipped: only messages can.
func (w *wire) skippable() bool { return w.gathered.command == frame.CmdMessage && w.connected.Load() }

// OnBodyChunk is called by the link.
func (h *wireHandler) OnBodyChunk(b []byte) error {
	w := (*wire)(h)
	if w.streamed != nil {
		_, _ = w.streamed.w.Write(b) // it fails if the handler does not read the rest
		return nil
	}
	g := w.gathered
	g.size += int64(len(b))
	switch {
	case g.body == nil:
	case g.size > w.maxBody():
		if !w.skippable() {
			return w.bodyTooLong(g.command)
		}
		g.body.Release()
		g.body = nil
	default:
		g.body.Grow(len(b))
		g.body.B = append(g.body.B, b...)
	}
	return nil
}

// OnBodyEnd is called by the link.
func (h *wireHandler) OnBodyEnd() error {
	w := (*wire)(h)
	if w.streamed != nil {
		w.endStream(nil)
		return nil
	}
	g := w.gathered
	defer w.dropGathered()
	switch {
	case g.unwanted:
		return nil
	case g.body == nil:
		w.skip(g.header, &frame.LimitError{What: frame.ErrBodyTooLong, Max: w.maxBody(), Command: g.command}, "bytes", g.size)
		return nil
	}
	return h.OnFrame(&frame.Frame{Command: g.command, Header: g.header, Body: g.body.B})
}

// startStream starts the handler of a message whose body has yet to arrive.
func (w *wire) startStream(f *frame.Frame, sub *Subscription, length int64) {
	b := &bodyStream{length: length, done: make(chan struct{})}
	b.r, b.w = io.Pipe()
	m := &Message{Header: f.Header.Clone(), w: w, sub: sub, stream: b, number: sub.nextNumber(w)}
	w.streamed = b
	b.stop = context.AfterFunc(w.ctx, func() { _ = b.w.CloseWithError(context.Cause(w.ctx)) })
	go func() {
		defer close(b.done)
		defer func() { _ = b.r.Close() }()
		if w.c.cfg.Trace != nil { // on this goroutine, because Trace may read the body
			w.trace(&Event{Kind: EventMessage, Message: m, Subscription: sub})
		}
		sub.deliver(m)
	}()
}

// endStream ends the body for the handler and waits until that returns.
func (w *wire) endStream(err error) {
	b := w.streamed
	w.streamed = nil
	_ = b.w.CloseWithError(err) // nil is io.EOF
	<-b.done
	b.stop()
}

// endBodies ends the body that the connection has left unfinished.
func (w *wire) endBodies(err error) {
	if w.streamed != nil {
		w.endStream(err)
	}
	w.dropGathered()
}

func (w *wire) dropGathered() {
	if w.gathered != nil && w.gathered.body != nil {
		w.gathered.body.Release()
	}
	w.gathered = nil
}

func (w *wire) maxBody() int64 { return int64(w.c.cfg.Link.Limits.Body) }

func (w *wire) bodyTooLong(cmd frame.Command) error {
	return &frame.LimitError{What: frame.ErrBodyTooLong, Max: w.maxBody(), Command: cmd}
}
