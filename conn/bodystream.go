package conn

import (
	"context"
	"io"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// Long bodies come from the parser in parts, if a subscription of the connection wants
// them so. Which frame it is decides what becomes of the parts:
//
//	MESSAGE for such a subscription → a pipe, whose other end its handler reads
//	any other frame                 → gathered, and handled when it is whole
//
// The handler of a streamed message has a goroutine of its own, and the one that reads
// the connection waits for it in its place, so that to everybody else it looks as if
// the handler ran there as ever.

// bodyStream is one message that is being streamed.
type bodyStream struct {
	r      *io.PipeReader
	w      *io.PipeWriter
	length int64         // -1 if it is not known
	done   chan struct{} // closed when the handler has returned
	stop   func() bool   // forgets the end of the connection
}

// gathering is one long frame that is not streamed.
type gathering struct {
	command frame.Command
	header  frame.Header
	body    *pool.Buffer
}

// maxTrust is how much memory the word of a peer alone is worth.
const maxTrust = 64 << 10

// streamBodies has bodies longer than over come in parts from now on.
func (c *Conn) streamBodies(over int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streamOver == 0 || over < c.streamOver {
		c.streamOver = over
		c.l.SetBodyThreshold(over)
	}
}

// OnBodyStart is called by the link.
func (s *sessionHandler) OnBodyStart(f *frame.Frame, length int64) error {
	c := (*Conn)(s)
	if f.Command == frame.CmdMessage && c.connected {
		if sub := c.subscriptionOf(f); sub != nil && sub.handler != nil && sub.streamOver > 0 &&
			(length < 0 || length > int64(sub.streamOver)) {
			c.startStream(f, sub, length)
			return nil
		}
	}
	if length > int64(c.maxBody()) {
		return c.bodyTooLong(f.Command)
	}
	c.gathered = &gathering{
		command: f.Command,
		header:  f.Header.Clone(),
		body:    pool.Get(int(max(0, min(length, maxTrust)))),
	}
	return nil
}

// OnBodyChunk is called by the link.
func (s *sessionHandler) OnBodyChunk(b []byte) error {
	c := (*Conn)(s)
	if c.streamed != nil {
		_, _ = c.streamed.w.Write(b) // it fails when nobody wants the rest
		return nil
	}
	g := c.gathered
	if len(g.body.B)+len(b) > c.maxBody() {
		return c.bodyTooLong(g.command)
	}
	g.body.Grow(len(b))
	g.body.B = append(g.body.B, b...)
	return nil
}

// OnBodyEnd is called by the link.
func (s *sessionHandler) OnBodyEnd() error {
	c := (*Conn)(s)
	if c.streamed != nil {
		c.endStream(nil)
		return nil
	}
	g := c.gathered
	defer c.dropGathered()
	return s.OnFrame(&frame.Frame{Command: g.command, Header: g.header, Body: g.body.B})
}

// startStream has the handler called for a message whose body is to come.
func (c *Conn) startStream(f *frame.Frame, sub *Subscription, length int64) {
	c.lastError = nil
	b := &bodyStream{length: length, done: make(chan struct{})}
	b.r, b.w = io.Pipe()
	m := &Message{Header: f.Header.Clone(), c: c, sub: sub, stream: b}
	c.streamed = b
	b.stop = context.AfterFunc(c.ctx, func() { _ = b.w.CloseWithError(c.Err()) })
	go func() {
		returned := false
		defer close(b.done)
		defer func() { _ = b.r.Close() }()
		defer func() {
			if v := recover(); v != nil {
				c.panicked(v, m)
			} else if !returned {
				c.exited(m)
			}
		}()
		if set := c.cfg.Listeners.now(); set != nil { // here, for they may read the body
			set.message(c, m)
		}
		sub.handler(c.ctx, m)
		returned = true
	}()
}

// endStream tells the handler that no more will come, and waits for it as for any
// other.
func (c *Conn) endStream(err error) {
	b := c.streamed
	c.streamed = nil
	_ = b.w.CloseWithError(err) // nil is io.EOF
	<-b.done
	b.stop()
}

// endBodies ends what the connection has left unfinished.
func (c *Conn) endBodies(err error) {
	if c.streamed != nil {
		c.endStream(err)
	}
	c.dropGathered()
}

func (c *Conn) dropGathered() {
	if c.gathered != nil {
		c.gathered.body.Release()
		c.gathered = nil
	}
}

func (c *Conn) maxBody() int { return c.cfg.Link.Limits.WithDefaults().Body }

func (c *Conn) bodyTooLong(cmd frame.Command) error {
	return &frame.LimitError{What: frame.ErrBodyTooLong, Max: int64(c.maxBody()), Command: cmd}
}
