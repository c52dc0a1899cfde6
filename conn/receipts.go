package conn

import (
	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
)

// receiptBatch gathers the RECEIPTs of one read, so that thousands of them take the client's
// lock once.
type receiptBatch struct {
	ids     []byte // one after the other
	ends    []int
	touched []*Producer
	reports [reportsAtOnce]session.Outcome
}

// reportsAtOnce is how many outcomes are taken from a window under one lock.
const reportsAtOnce = 64

func (b *receiptBatch) add(id []byte) {
	b.ids = append(b.ids, id...)
	b.ends = append(b.ends, len(b.ids))
}

// settleReceipts takes what was gathered to the core, and reports the outcomes. It runs on the
// reading goroutine.
func (w *wire) settleReceipts() {
	b := &w.receipts
	if len(b.ends) == 0 {
		return
	}
	c := w.c
	c.mu.Lock()
	now := c.clock.now()
	start := 0
	for _, end := range b.ends {
		p := c.core.Receipt(w.conn, b.ids[start:end], now)
		start = end
		if p != nil {
			b.touch(p.User.(*Producer))
		}
	}
	c.unlock()
	b.ids, b.ends = b.ids[:0], b.ends[:0]
	for i, p := range b.touched {
		p.reportWith(b.reports[:])
		b.touched[i] = nil
	}
	b.touched = b.touched[:0]
}

// touch notes that p may have outcomes to report.
func (b *receiptBatch) touch(p *Producer) {
	for _, other := range b.touched {
		if other == p {
			return
		}
	}
	b.touched = append(b.touched, p)
}

// serverError takes an ERROR frame.
func (w *wire) serverError(f *frame.Frame) {
	c := w.c
	err := newServerError(f, w.passcode)
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventReceived, Frame: f, Err: err})
	}
	c.mu.Lock()
	p, answered := c.core.ServerError(w.conn, err, c.clock.now())
	c.unlock()
	if p != nil {
		p.User.(*Producer).report()
	}
	if !answered && c.cfg.Logger != nil {
		c.cfg.Logger.Warn("stomp: broker sent ERROR", "connection", w.slot.core.Name, "error", err)
	}
}
