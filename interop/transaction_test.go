package interop_test

import (
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// begin opens a transaction and sends in it.
func begin(t *testing.T, c *conn.Client, destination string, bodies ...string) *conn.Tx {
	t.Helper()
	tx, err := c.Begin(within(t), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		if err := tx.Send(within(t), destination, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	return tx
}

func TestTransactionCommitted(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			in := subscribe(t, c, q, frame.AckAuto)
			tx := begin(t, c, q, "one", "two")
			in.expectEnd(t) // what is sent outside arrives, what is sent inside does not
			if err := tx.Commit(within(t)); err != nil {
				t.Fatal(err)
			}
			in.expect(t, "one", "two")
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}

func TestTransactionAborted(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			in := subscribe(t, c, q, frame.AckAuto)
			tx := begin(t, c, q, "one", "two")
			if err := tx.Abort(within(t)); err != nil {
				t.Fatal(err)
			}
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}

// Transactions of one connection do not mix, and one that is open when it ends is aborted.
func TestTransactionsAreSeparate(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, nil), queue()
		open, aborted, committed := begin(t, c, q), begin(t, c, q), begin(t, c, q)
		for _, tx := range []*conn.Tx{aborted, committed, open, committed, aborted} {
			if err := tx.Send(within(t), q, []byte(tx.ID())); err != nil {
				t.Fatal(err)
			}
		}
		if err := aborted.Abort(within(t)); err != nil {
			t.Fatal(err)
		}
		if err := committed.Commit(within(t)); err != nil {
			t.Fatal(err)
		}
		disconnect(t, c)
		in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
		in.expect(t, committed.ID(), committed.ID())
		in.expectEnd(t)
	})
}

// An ACK in a transaction counts when that is committed. If it is aborted, the message is not acknowledged.
func TestTransactionWithAck(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			in := subscribe(t, c, q, frame.AckClientIndividual)
			confirm(t, c, q, "kept", "gone")
			ms := in.expect(t, "kept", "gone")

			commit, abort := begin(t, c, q), begin(t, c, q)
			if err := commit.Ack(ms[1].Token()); err != nil {
				t.Fatal(err)
			}
			if err := commit.Commit(within(t)); err != nil {
				t.Fatal(err)
			}
			if err := abort.Ack(ms[0].Token()); err != nil {
				t.Fatal(err)
			}
			if err := abort.Abort(within(t)); err != nil {
				t.Fatal(err)
			}
			disconnect(t, c)

			again := subscribe(t, tg.dial(t, version(v)), q, frame.AckAuto)
			if !tg.eagerAck {
				again.expect(t, "kept")
			}
			again.expectEnd(t)
		})
	})
}
