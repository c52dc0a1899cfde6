//go:build !race

package session

import (
	"testing"

	"github.com/stompwire/stompwire/internal/alloctest"
)

const operations = 1000

// connectedCore returns a core with one connection that is open.
func connectedCore(t *testing.T) (*Core, *Conn) {
	t.Helper()
	w := newWorld()
	for _, line := range []string{"client one-connection", "start", "c1 < CONNECTED server:stompwire/1"} {
		if _, err := w.step(line); err != nil {
			t.Fatal(err)
		}
	}
	return w.c, w.c.Consumer().Conn()
}

// A confirmed send allocates nothing: Open, Receipt, TakeReports, Told.
func TestConfirmedSendAllocatesNothing(t *testing.T) {
	for _, cfg := range []ProducerConfig{
		{Window: 64},
		{Window: 64, InOrder: true},
		{Window: 64, Silent: true},
		{Window: 64, Timeout: 1e9},
		{Window: 64, Redeliver: true, MaxBytes: 1 << 20},
		{Window: 64, ReceiptEvery: 1},
	} {
		c, conn := connectedCore(t)
		p, err := c.NewProducer(conn.Slot, cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		var id []byte
		var outcomes [8]Outcome
		round := func() {
			for range operations {
				seq := p.Last() + 1
				if c.Open(p, conn, seq, seq, nil) != Opened {
					t.Fatal("no room")
				}
				id = AppendSendReceiptID(id[:0], p, seq)
				if c.Receipt(conn, id, 1) != p {
					t.Fatal("unknown receipt")
				}
				n := c.TakeReports(p, outcomes[:])
				if n != 1 && !cfg.Silent {
					t.Fatal("no outcome")
				}
				c.Told(p, outcomes[:n])
			}
		}
		round()
		if n := alloctest.Least(5, round); n != 0 {
			t.Errorf("%+v: %v allocations in %d operations", cfg, n, operations)
		}
		if p.Tally().Confirmed == 0 || p.Unsettled() != 0 {
			t.Errorf("%+v: %+v", cfg, p.Tally())
		}
	}
}

// A whole window at a time, confirmed in reverse, allocates nothing.
func TestFullWindowAllocatesNothing(t *testing.T) {
	c, conn := connectedCore(t)
	const window = 256
	p, err := c.NewProducer(conn.Slot, ProducerConfig{Window: window}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var id []byte
	var outcomes [window]Outcome
	round := func() {
		for range operations / 100 {
			first := p.Last() + 1
			for seq := first; c.Open(p, conn, seq, seq, nil) == Opened; seq++ {
			}
			for seq := p.Last(); seq >= first; seq-- {
				id = AppendSendReceiptID(id[:0], p, seq)
				c.Receipt(conn, id, 1)
			}
			n := c.TakeReports(p, outcomes[:])
			c.Told(p, outcomes[:n])
		}
	}
	round()
	if n := alloctest.Least(5, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if p.Last() == 0 || p.Unsettled() != 0 || p.Free() != window {
		t.Errorf("last %d, %d without an outcome, room for %d", p.Last(), p.Unsettled(), p.Free())
	}
}

// A call with a receipt allocates nothing beyond the Call, which the caller may keep.
func TestConfirmedCallAllocatesNothing(t *testing.T) {
	c, conn := connectedCore(t)
	var call Call
	var id []byte
	var done []*Call
	round := func() {
		for n := range operations {
			if err := c.Expect(&call, CallSend, conn, uint64(n), 1e15); err != nil {
				t.Fatal(err)
			}
			id = AppendReceiptID(id[:0], call.ID)
			c.Receipt(conn, id, 1)
			if done = c.TakeCompleted(done[:0]); len(done) != 1 || done[0] != &call || call.Err != nil {
				t.Fatal("not completed")
			}
		}
	}
	round()
	if n := alloctest.Least(5, round); n != 0 {
		t.Errorf("%v allocations in %d operations", n, operations)
	}
}

// A transaction looks only at its own calls: with 1,000 requests open on its connection it costs the same.
func TestTransactionCostsTheSameWithOpenCalls(t *testing.T) {
	c, conn := connectedCore(t)
	var id []byte
	var done []*Call
	round := func() {
		var send, commit Call
		tx, err := c.Begin(conn, "t")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Owe(tx, &send, 1); err != nil {
			t.Fatal(err)
		}
		_, end, err := c.End(tx, false, &commit, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, receipt := range []uint64{send.ID, end} {
			id = AppendReceiptID(id[:0], receipt)
			c.Receipt(conn, id, 1)
		}
		if done = c.TakeCompleted(done[:0]); len(done) != 1 || commit.Err != nil || len(c.txs) > 0 {
			t.Fatal("not committed")
		}
	}
	round()
	alone := alloctest.Least(5, round)
	for range operations {
		if err := c.Expect(new(Call), CallRequest, conn, 1, Never); err != nil {
			t.Fatal(err)
		}
	}
	if n := alloctest.Least(5, round); n != alone {
		t.Errorf("%v allocations, %v without them", n, alone)
	}
}
