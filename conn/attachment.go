package conn

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// attachment is a client's producer on one of its connections: what is encoded
// for its version, and where its receipts arrive.
type attachment struct {
	p         *ClientProducer
	c         *Conn
	number    uint64 // in its receipt ids
	block     *writer.Block
	duplicate []byte // header line of what is sent again
	id        []byte // beginning of the header line with the stable id; nil for none
	ask       asker

	cumulative bool // a receipt is for all sends before it, too; for the reading side
}

var _ confirmer = (*attachment)(nil)

// compile makes what depends on the version. It does not enter the attachment
// anywhere.
func (p *ClientProducer) compile(c *Conn, v frame.Version) (a *attachment, err error) {
	a = &attachment{p: p, c: c}
	fixed := append(p.cfg.Headers[:len(p.cfg.Headers):len(p.cfg.Headers)], p.cfg.DuplicateHeader, frame.Field{Name: p.cfg.IDHeader})
	if err := checkReserved(fixed); err != nil {
		return nil, err
	}
	fields := append([]frame.Field{{Name: frame.HeaderDestination, Value: p.cfg.Destination}}, p.cfg.Headers...)
	if a.block, err = writer.Compile(v, frame.CmdSend, fields); err != nil {
		return nil, err
	}
	if a.duplicate, err = writer.AppendHeader(nil, v, p.cfg.DuplicateHeader.Name, p.cfg.DuplicateHeader.Value); err != nil {
		return nil, err
	}
	if p.cfg.IDHeader != "" {
		if a.id, err = writer.AppendHeader(nil, v, p.cfg.IDHeader, p.cfg.IDPrefix+"-"); err != nil {
			return nil, err
		}
		a.id = a.id[:len(a.id)-1] // the number and the LF follow
	}
	return a, nil
}

// appendID appends the header with the stable id, if there is to be one.
func (a *attachment) appendID(dst []byte, seq uint64) []byte {
	if a.id == nil {
		return dst
	}
	dst = strconv.AppendUint(append(dst, a.id...), seq, 10)
	return append(dst, '\n')
}

// appendAgain appends the frame of a copied message, marked as a duplicate. It always
// asks for a receipt.
func (a *attachment) appendAgain(dst []byte, seq uint64, copied []byte) (out []byte, err error) {
	dst = append(a.block.AppendHead(dst), a.duplicate...)
	count, rest := nextCount(copied)
	for range count {
		var name, value []byte
		name, rest = nextText(rest)
		value, rest = nextText(rest)
		if dst, err = writer.AppendHeaderBytes(dst, a.c.version, name, value); err != nil {
			return nil, err
		}
	}
	dst = a.ask.append(a.appendID(dst, seq), seq)
	return appendBody(dst, a.c.version, a.p.cfg.Text, rest)
}

// settle implements confirmer. A receipt that the connection before has brought
// late is as good as one of this.
func (a *attachment) settle(seq uint64, err error) bool {
	if err != nil {
		return a.p.ledger.settle(seq, Rejected, err)
	}
	if a.cumulative {
		a.p.ledger.confirmBefore(seq, a.c)
	}
	return a.p.ledger.settle(seq, Confirmed, nil)
}

func (a *attachment) disturb(err error) {
	if a.cumulative {
		a.p.giveUp(func(rec *record) bool { return rec.c == a.c }, err)
	}
}

func (a *attachment) flush(ctx context.Context) error { return a.p.flush(ctx) }

func (a *attachment) fail(err error) { a.p.lost(a.c, err) }

// leave has the connection forget a producer that was closed.
func (a *attachment) leave() {
	a.c.producers.remove(a.number)
	a.c.forget(&a.ask)
}

func (p *ClientProducer) rank() int { return rankProducer }

func (p *ClientProducer) on(c *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended != nil || p.at != nil && p.at.c == c
}

// attach moves the producer to c and sends again what is to be sent again.
func (p *ClientProducer) attach(ctx context.Context, c *Conn) (<-chan error, error) {
	a, err := p.compile(c, c.version)
	if err != nil {
		p.end(err)
		return nil, err
	}
	n := every(p.cfg.ReceiptEvery, p.cfg.AssumeCumulative, &c.dialect)
	a.cumulative = n > 1
	if a.number, err = c.producers.add(a); err != nil {
		return nil, err
	}
	a.ask = asker{every: n, line: receiptLine(a.number)}
	c.ask(&a.ask)
	if err := p.sendAgain(ctx, a); err != nil {
		c.l.Close(err) // what comes next must not overtake the rest
		return nil, err
	}
	return nil, nil
}

// sendAgain sends everything without an outcome on a, and then opens a for what is
// new.
func (p *ClientProducer) sendAgain(ctx context.Context, a *attachment) error {
	p.mu.Lock()
	seq := p.low
	p.mu.Unlock()
	for {
		seq++
		p.mu.Lock()
		if seq > p.last {
			closed := p.ended != nil
			if !closed && (p.at == nil || a.c.Err() == nil) { // the lane may have been faster than NewProducer
				p.at = a
			}
			p.mu.Unlock()
			if closed {
				a.leave()
			}
			return nil
		}
		size, waits := p.copySize(seq)
		p.mu.Unlock()
		if !waits {
			continue
		}
		buf, err := a.c.reserve(ctx, size+2*frameOverhead)
		if errors.Is(err, writer.ErrRefused) {
			p.ledger.settle(seq, Unknown, unknown(err))
			continue
		}
		if err != nil {
			return err
		}
		out, err := p.again(buf, a, seq)
		a.c.commitTold(buf, out)
		if err != nil {
			p.ledger.settle(seq, Unknown, unknown(err))
		}
	}
}

// again appends the frame of seq unless it has got its outcome meanwhile. With an
// error, out is buf: it is nothing for this broker, which has another version or a
// smaller limit, and so no receipt of this connection may confirm it.
func (p *ClientProducer) again(buf []byte, a *attachment, seq uint64) (out []byte, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rec := p.record(seq)
	if rec == nil {
		return buf, nil
	}
	if out, err = a.appendAgain(buf, seq, rec.copied.B); err == nil {
		err = a.c.checkSize(len(out) - len(buf))
	}
	if err != nil {
		return buf, err
	}
	rec.c = a.c
	a.ask.note(seq, 0)
	return out, nil
}

func (p *ClientProducer) settle(_ *Conn, err error) bool { return err == nil }

// detach: what is not sent again has its outcome now.
func (p *ClientProducer) detach(c *Conn, err error) { p.lost(c, err) }

func (p *ClientProducer) lost(c *Conn, err error) {
	p.mu.Lock()
	if p.at != nil && p.at.c == c {
		p.at = nil
	}
	p.mu.Unlock()
	if !p.cfg.Redeliver {
		p.giveUp(func(rec *record) bool { return rec.c == c }, err)
	}
}

func (p *ClientProducer) end(err error) {
	p.ledger.end(err)
	p.giveUp(func(*record) bool { return true }, err)
}

// The form of a copied message is a count of headers, and each name and value with
// its length before it.

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
