package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

func TestTransactionFrames(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		m := received(t, c, b, frame.AckClientIndividual)
		for i, end := range []string{"COMMIT", "ABORT"} {
			id := fmt.Sprintf("t%d", i+1)
			tx, err := c.Begin(t.Context(), "")
			if err != nil || tx.ID() != id {
				t.Fatal(tx.ID(), err)
			}
			b.expect("BEGIN\ntransaction:" + id + "\n\n^@")
			if err := tx.Send(t.Context(), "/queue/a", []byte("x"), frame.Field{Name: "k", Value: "v"}); err != nil {
				t.Fatal(err)
			}
			b.expect("SEND\ndestination:/queue/a\nk:v\ntransaction:" + id + "\ncontent-length:1\n\nx^@")
			if err := tx.Ack(m); err != nil {
				t.Fatal(err)
			}
			b.expect("ACK\nid:a\\c1\ntransaction:" + id + "\n\n^@")
			if err := tx.Nack(m); err != nil {
				t.Fatal(err)
			}
			b.expect("NACK\nid:a\\c1\ntransaction:" + id + "\n\n^@")
			finish := tx.Commit
			if end == "ABORT" {
				finish = tx.Abort
			}
			result := async(func() error { return finish(t.Context()) })
			text := b.read()
			receipt := header(text, "receipt")
			if text != end+"\ntransaction:"+id+"\nreceipt:"+receipt+"\n\n^@" {
				t.Errorf("%q", text)
			}
			b.receipt(receipt)
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{
				tx.Commit(t.Context()), tx.Abort(t.Context()), tx.Ack(m), tx.Nack(m), tx.Send(t.Context(), "/queue/a", nil),
			} {
				if !errors.Is(err, conn.ErrTransactionDone) {
					t.Errorf("after %s: %v", end, err)
				}
			}
		}
	})
}

// "Different transactions MUST use different transaction identifiers", whoever chose them.
func TestTransactionIDs(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	for _, begin := range []struct{ id, want string }{{"mine", "mine"}, {"t1", "t1"}, {"t3", "t3"}, {"", "t2"}, {"", "t4"}} {
		tx, err := c.Begin(t.Context(), begin.id)
		if err != nil || tx.ID() != begin.want {
			t.Fatalf("%q: %v", begin.id, err)
		}
		b.expect("BEGIN\ntransaction:" + begin.want + "\n\n^@")
		if _, err := c.Begin(t.Context(), begin.want); !errors.Is(err, conn.ErrIDInUse) {
			t.Errorf("%s is begun again: %v", begin.want, err)
		}
		if begin.id != "mine" {
			continue
		}
		result := async(func() error { return tx.Abort(t.Context()) })
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(result); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Begin(t.Context(), "mine"); err != nil {
			t.Errorf("the id of a transaction that has ended: %v", err)
		}
		b.expect("BEGIN\ntransaction:mine\n\n^@")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if _, err := c.Begin(ended, "other"); !errors.Is(err, context.Canceled) {
			t.Errorf("an id that did not reach the broker: %v", err)
		}
	}
}

func TestTransactionOfAnotherConnection(t *testing.T) {
	one, b := session(t, overPipe, frame.Version12, conn.Config{})
	m := received(t, one, b, frame.AckClient)
	other, b := session(t, overPipe, frame.Version12, conn.Config{})
	tx, err := other.Begin(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	b.expect("BEGIN\ntransaction:mine\n\n^@")
	for _, err := range []error{tx.Ack(m), tx.Nack(m)} {
		if !errors.Is(err, conn.ErrForeignMessage) {
			t.Error(err)
		}
	}
}

func TestCommitRejected(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	tx, err := c.Begin(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b.read()
	result := async(func() error { return tx.Commit(t.Context()) })
	b.write("ERROR\nreceipt-id:" + header(b.read(), "receipt") + "\nmessage:no\n\n^@")
	if err := b.await(result); !errors.As(err, new(*conn.ServerError)) {
		t.Error(err)
	}
}

// A broker knows nothing of a transaction behind its COMMIT, and may close the connection over a frame that names it.
func TestNothingFollowsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		// Who waits for room has looked whether the transaction is open before that.
		cl := s.connected(conn.ClientConfig{OneConnection: true, Conn: conn.Config{Link: link.Options{HighWater: 10}}})
		var mu sync.Mutex
		var m *conn.Message
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, got *conn.Message) {
			mu.Lock()
			defer mu.Unlock()
			m = got.Clone()
		}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "x"))
		synctest.Wait()
		for range 200 {
			tx, err := cl.Begin(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for _, call := range []func() error{
				func() error { return tx.SendConfirmed(t.Context(), "/queue/a", nil) },
				func() error { return tx.Send(t.Context(), "/queue/a", nil) },
				func() error { return tx.Ack(m) },
				func() error { return tx.Nack(m) },
			} {
				all.Go(func() {
					var err error
					for n := 1; err == nil; n++ {
						if n%50 == 0 { // acknowledgements do not wait for room: let the outbox be written, and Commit in
							time.Sleep(time.Millisecond)
						}
						err = call()
					}
					if !errors.Is(err, conn.ErrTransactionDone) {
						t.Error(err)
					}
				})
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Error(err)
			}
			all.Wait()
		}
		synctest.Wait()
		ended := map[string]bool{}
		s.set(func(s *fakeServer) {
			for _, text := range s.log {
				if id := header(text, "transaction"); id != "" {
					if ended[id] {
						t.Errorf("behind its COMMIT: %q", text)
					}
					ended[id] = strings.HasPrefix(text, "COMMIT")
				}
			}
		})
		if len(ended) != 200 {
			t.Errorf("%d transactions", len(ended))
		}
	})
}

// A transaction ends with its connection: nothing of it is sent on the next one, and only a COMMIT that had left is unknown.
func TestTransactionOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		begin := func() *conn.Tx {
			tx, err := cl.Begin(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Send(t.Context(), "/queue/a", []byte("in it")); err != nil {
				t.Fatal(err)
			}
			return tx
		}
		committed, open := begin(), begin()
		result := async(func() error { return committed.Commit(t.Context()) })
		synctest.Wait()
		s.cut()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("COMMIT had left: %v", err)
		}
		time.Sleep(time.Second)
		s.set(func(s *fakeServer) { s.log, s.answer = nil, nil })
		for name, err := range map[string]error{
			"Send": open.Send(t.Context(), "/queue/a", nil), "Commit": open.Commit(t.Context()), "Abort": open.Abort(t.Context()),
		} {
			if !errors.Is(err, net.ErrClosed) || errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("%s on a lost connection: %v", name, err)
			}
		}
		if err := committed.Commit(t.Context()); !errors.Is(err, conn.ErrTransactionDone) {
			t.Errorf("COMMIT again: %v", err)
		}
		if err := begin().Commit(t.Context()); err != nil {
			t.Error(err)
		}
		if got, want := s.order(), []string{"BEGIN", "SEND in it", "COMMIT"}; !slices.Equal(got, want) {
			t.Errorf("the broker got %q", got)
		}
	})
}

// Commit waits for the receipts of what was sent confirmed, whenever they come, and its error may be of one of them.
func TestTransactionSendConfirmed(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string // in this order: 1 confirms the first SEND, -1 rejects it, C confirms COMMIT
		late    bool     // the connection ends instead of the last
		want    error
	}{
		"before COMMIT's":            {answers: []string{"1", "2", "C"}},
		"after COMMIT's":             {answers: []string{"C", "2", "1"}},
		"the last is missing":        {answers: []string{"C", "1"}, late: true, want: conn.ErrUnknownOutcome},
		"COMMIT's is missing":        {answers: []string{"1", "2"}, late: true, want: conn.ErrUnknownOutcome},
		"one rejected before COMMIT": {answers: []string{"-1", "2", "C"}, want: new(conn.ServerError)},
		"one rejected after COMMIT":  {answers: []string{"C", "1", "-2"}, want: new(conn.ServerError)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{})
				tx, err := c.Begin(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				b.read()
				ids := map[string]string{}
				for _, name := range []string{"1", "2"} {
					if err := tx.SendConfirmed(t.Context(), "/queue/a", []byte(name), frame.Field{Name: "k", Value: "v"}); err != nil {
						t.Fatal(err)
					}
					text := b.read()
					ids[name] = header(text, "receipt")
					if want := "SEND\ndestination:/queue/a\nk:v\nreceipt:" + ids[name] + "\ntransaction:t1\ncontent-length:1\n\n" + name + "^@"; text != want {
						t.Errorf("%q; want %q", text, want)
					}
				}
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				if err := tx.SendConfirmed(ended, "/queue/a", nil); !errors.Is(err, context.Canceled) {
					t.Errorf("under a context that has ended: %v", err)
				}
				if err := tx.SendConfirmed(t.Context(), "/queue/a", nil, frame.Field{Name: "receipt", Value: "mine"}); err == nil {
					t.Error("sent with two receipt headers")
				}
				result := async(func() error { return tx.Commit(t.Context()) })
				ids["C"] = header(b.read(), "receipt")
				for _, answer := range test.answers {
					synctest.Wait()
					if len(result) > 0 {
						t.Fatalf("Commit returns %v before %s", <-result, answer)
					}
					if rejected, is := strings.CutPrefix(answer, "-"); is {
						b.write("ERROR\nmessage:no\nreceipt-id:" + ids[rejected] + "\n\n^@")
					} else {
						b.receipt(ids[answer])
					}
				}
				if test.late {
					_ = b.nc.Close()
				}
				err = <-result
				if _, rejected := test.want.(*conn.ServerError); rejected {
					if !errors.As(err, new(*conn.ServerError)) {
						t.Error(err)
					}
				} else if !errors.Is(err, test.want) {
					t.Error(err)
				}
				if err := tx.SendConfirmed(t.Context(), "/queue/a", nil); !errors.Is(err, conn.ErrTransactionDone) {
					t.Errorf("after the end: %v", err)
				}
			})
		})
	}
}
