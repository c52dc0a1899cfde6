package conn

import (
	"context"
	"encoding/binary"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
	"github.com/stompwire/stompwire/writer"
)

// resend redelivers the messages without an outcome on w. If serial, it waits for each outcome
// before the next message: if the broker answers by closing the connection, the message at fault is
// then known.
func (p *Producer) resend(w *wire, serial bool) {
	c := p.c
	e, err := p.encoding(w)
	if err != nil && isClosed(err) {
		return // w has ended
	}
	var after uint64
	for {
		c.mu.Lock()
		m, ok := c.core.NextResend(p.core, w.conn, after)
		if ok && err != nil { // no message of this producer can be sent on w
			c.core.CannotResend(p.core, m.Seq, err)
			c.unlock()
			continue
		}
		var copied []byte
		if ok {
			copied = append(copied, m.Copied.B...) // copied, because its outcome may release it at any time
		}
		c.unlock()
		if !ok {
			break
		}
		after = m.Seq
		if !p.resendOne(w, e, m, copied) {
			return // w has ended
		}
		if serial {
			serial = p.awaitOutcome(w, m.Seq)
		}
	}
	c.mu.Lock()
	c.core.Resent(p.core, w.conn)
	p.home.Load().changed()
	c.unlock()
}

// resendOne redelivers one message. It returns false if w has ended.
func (p *Producer) resendOne(w *wire, e *encoding, m session.Resend, copied []byte) bool {
	c := p.c
	buf, err := w.reserve(w.ctxWithoutHandler(), len(copied)+3*frameOverhead)
	if err != nil && isClosed(err) || w.ctx.Err() != nil {
		if err == nil {
			w.l.Commit(buf)
		}
		return false
	}
	out := buf
	if err == nil {
		if out, err = p.encodeAgain(buf, e, m, copied); err == nil {
			err = w.checkSize(len(out) - len(buf))
		}
		if err != nil {
			w.l.Commit(buf)
		}
	}
	if err != nil { // this broker may have another version, or a smaller limit
		c.mu.Lock()
		c.core.CannotResend(p.core, m.Seq, err)
		c.unlock()
		return true
	}
	c.mu.Lock()
	wanted := c.core.Resend(p.core, w.conn, m.Seq, w.l.Tail())
	c.unlock()
	if !wanted {
		out = buf
	} else {
		e.policy.note(m.Seq, 0)
	}
	w.traceCommit(buf, out)
	return true
}

// awaitOutcome returns when seq has its outcome, or w has ended, or, with false, after
// Config.ReceiptTimeout. A broker that gives no receipts delays the restore by that time, once: what it
// has not closed the connection for by then is not the message at fault.
func (p *Producer) awaitOutcome(w *wire, seq uint64) bool {
	wt := p.c.newWaiter()
	p.c.mu.Lock()
	p.c.core.FlushTo(p.core, seq, &wt.call)
	p.c.unlock()
	ctx, cancel := context.WithTimeout(w.ctx, p.c.cfg.ReceiptTimeout)
	defer cancel()
	_ = wt.wait(ctx, p.c)
	return ctx.Err() != context.DeadlineExceeded
}

// encodeAgain appends the frame of a copied message. The frame always asks for a receipt.
func (p *Producer) encodeAgain(dst []byte, e *encoding, m session.Resend, copied []byte) (out []byte, err error) {
	dst = e.block.AppendHead(dst)
	if m.Duplicate {
		dst = append(dst, "x-possible-duplicate:true\n"...)
	}
	count, rest := nextCount(copied)
	for range count {
		var name, value []byte
		name, rest = nextText(rest)
		value, rest = nextText(rest)
		if dst, err = writer.AppendHeaderBytes(dst, e.w.version, name, value); err != nil {
			return nil, err
		}
	}
	dst = e.policy.append(e.appendID(dst, m.Seq), m.Seq)
	return e.appendBody(dst, rest)
}

// ctxWithoutHandler returns a context that ends with the connection and does not mark the caller as
// its handler.
func (w *wire) ctxWithoutHandler() context.Context { return unmarked{w.ctx} }

type unmarked struct{ context.Context }

func (u unmarked) Value(key any) any {
	if _, ok := key.(handlerKey); ok {
		return nil
	}
	return u.Context.Value(key)
}

// A copied message is encoded as the number of headers, each name and value with its length before
// it, and the body.

func copyMessage(h []frame.Field, body []byte) *pool.Buffer {
	b := pool.Get(len(body) + fieldsSize(h) + 8*len(h) + 8)
	b.B = appendCount(b.B, len(h))
	for i := range h {
		b.B = appendText(b.B, h[i].Name)
		b.B = appendText(b.B, h[i].Value)
	}
	b.B = append(b.B, body...)
	return b
}

func appendCount(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

func appendText(dst []byte, s string) []byte { return append(appendCount(dst, len(s)), s...) }

func nextCount(b []byte) (n int, rest []byte) {
	count, used := binary.Uvarint(b)
	return int(count), b[used:]
}

func nextText(b []byte) (text, rest []byte) {
	n, rest := nextCount(b)
	return rest[:n], rest[n:]
}

// report reports outcomes that came without a RECEIPT, because the connection or the time ended.
func (p *Producer) report() {
	var buf [reportsAtOnce]session.Outcome
	p.reportWith(buf[:])
}

// reportWith reports all outcomes, up to len(buf) at a time.
func (p *Producer) reportWith(buf []session.Outcome) {
	c := p.c
	if p.cfg.OnOutcome != nil {
		c.mu.Lock()
		n := c.core.TakeReports(p.core, buf)
		c.mu.Unlock()
		for n > 0 {
			p.reportAll(buf[:n])
			c.mu.Lock()
			c.core.Told(p.core, buf[:n])
			n = c.core.TakeReports(p.core, buf)
			c.unlock()
		}
	}
	p.wakeSender()
}

// reportAll reports outcomes and survives a panic of OnOutcome for each of them.
func (p *Producer) reportAll(outcomes []session.Outcome) {
	for i := 0; i < len(outcomes); {
		i += p.reportSome(outcomes[i:])
	}
}

func (p *Producer) reportSome(outcomes []session.Outcome) (n int) {
	defer p.c.contain(nil)
	for i := range outcomes {
		n++
		p.cfg.OnOutcome(outcomes[i])
	}
	return n
}
