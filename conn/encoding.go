package conn

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// encoding holds the parts of a producer's frames that are encoded once for a connection.
type encoding struct {
	w      *wire
	block  *writer.Block
	text   bool
	id     []byte // the header line with the stable id, up to the number; nil for none
	policy receiptPolicy
}

// encodeFor encodes what depends on the connection.
func (p *Producer) encodeFor(w *wire, hints []dialect.Hint) (*encoding, error) {
	cfg := &p.cfg
	h, text := cutText(cfg.Headers)
	fields := append([]frame.Field{{Name: frame.HeaderDestination, Value: cfg.Destination}}, h...)
	if len(hints) > 0 {
		hinted, err := w.dialect.SendFields(time.Now(), hints...)
		if err != nil {
			return nil, err
		}
		fields = append(fields, hinted...)
	}
	e := &encoding{w: w, text: text}
	var err error
	if e.block, err = writer.Compile(w.version, frame.CmdSend, fields); err != nil {
		return nil, err
	}
	if cfg.IDHeader != "" {
		if e.id, err = writer.AppendHeader(nil, w.version, cfg.IDHeader, p.prefix+"-"); err != nil {
			return nil, err
		}
		e.id = e.id[:len(e.id)-1] // the number and the LF follow
	}
	if p.core != nil {
		e.policy = receiptPolicy{every: uint64(p.core.Every(w.conn)), line: receiptLine(p.core.ID)}
	}
	return e, nil
}

// receiptLine is the beginning of the receipt header line of the producer with this number, up to
// the sequence number.
func receiptLine(number uint64) []byte {
	return fmt.Appendf(nil, "%s:~%d-", frame.HeaderReceipt, number)
}

// encoding returns the encoding for w.
func (p *Producer) encoding(w *wire) (*encoding, error) {
	if e := p.enc.Load(); e != nil && e.w == w {
		return e, nil
	}
	return p.encodeAnew(w)
}

// encodeAnew is encoding for a connection that the producer has not used yet.
func (p *Producer) encodeAnew(w *wire) (*encoding, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.enc.Load()
	if old != nil && old.w == w {
		return old, nil
	}
	// A late sender with a connection that has ended must not replace the encoding of the next one:
	// the receipt that the last frame of a batch has still to ask for would be lost.
	if err := w.l.Err(); err != nil {
		return nil, err
	}
	e, err := p.encodeFor(w, p.cfg.Hints)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.w.forgetPolicy(&old.policy)
	}
	w.addPolicy(&e.policy)
	p.enc.Store(e)
	return e, nil
}

// encode appends the frame. If the frame does not ask for a receipt, at is where the receipt line
// may be inserted later, else 0.
func (p *Producer) encode(dst []byte, e *encoding, seq uint64, h []frame.Field, body []byte) (out []byte, at int, err error) {
	dst = e.block.AppendHead(dst)
	for i := range h {
		if dst, err = writer.AppendHeader(dst, e.w.version, h[i].Name, h[i].Value); err != nil {
			return nil, 0, err
		}
	}
	dst = e.appendID(dst, seq)
	if p.core != nil {
		if e.policy.wants(seq) {
			dst = e.policy.append(dst, seq)
		} else {
			at = len(dst)
		}
	}
	out, err = e.appendBody(dst, body)
	return out, at, err
}

// appendID appends the header with the stable id, if the producer has one.
func (e *encoding) appendID(dst []byte, seq uint64) []byte {
	if e.id == nil {
		return dst
	}
	dst = strconv.AppendUint(append(dst, e.id...), seq, 10)
	return append(dst, '\n')
}

func (e *encoding) appendBody(dst, body []byte) ([]byte, error) {
	if e.text {
		if err := checkText(body, e.w.version); err != nil {
			return nil, err
		}
		return writer.AppendBody(dst, body), nil
	}
	if len(body) > 0 {
		dst = writer.AppendContentLength(dst, len(body))
	}
	return writer.AppendBody(dst, body), nil
}

// checkSize refuses a frame of size bytes that is too large, including the receipt line that may be
// inserted at the position at.
func (e *encoding) checkSize(size, at int) error {
	if at > 0 {
		size += e.policy.size()
	}
	return e.w.checkSize(size)
}
