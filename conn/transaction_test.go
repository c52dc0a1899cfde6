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
	"github.com/stompwire/stompwire/writer"
)

// delivered subscribes and returns a message that its handler has got.
func delivered(t testing.TB, c *conn.Client, b *fakeBroker, mode frame.AckMode) *conn.Message {
	t.Helper()
	got := make(chan *conn.Message, 1)
	b.subscribe(c, mode, func(_ context.Context, m *conn.Message) { got <- m.Retain() })
	b.write(delivery(c.Sessions()[0].Version))
	m := <-got
	t.Cleanup(m.Release)
	return m
}

func begin(t testing.TB, c *conn.Client, id string) *conn.Tx {
	t.Helper()
	tx, err := c.Begin(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestTransactionFrames(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		m := delivered(t, c, b, frame.AckClientIndividual)
		token := m.Token()
		for i, end := range []string{"COMMIT", "ABORT"} {
			id := fmt.Sprintf("t%d", i+1)
			began := func(ctx context.Context) (*conn.Tx, error) { return c.Begin(ctx, "") }
			if i == 1 {
				began = m.Begin // the same, on the connection of the message
			}
			tx, err := began(t.Context())
			if err != nil || tx.ID() != id {
				t.Fatal(tx.ID(), err)
			}
			b.expect("BEGIN\ntransaction:" + id + "\n\n^@")
			if err := tx.Send(t.Context(), "/queue/a", []byte("x"), frame.Field{Name: "k", Value: "v"}); err != nil {
				t.Fatal(err)
			}
			text := b.read()
			sent := header(text, "receipt")
			if want := "SEND\ndestination:/queue/a\nk:v\ntransaction:" + id + "\nreceipt:" + sent + "\ncontent-length:1\n\nx^@"; text != want {
				t.Errorf("%q, want %q", text, want)
			}
			if err := tx.Send(t.Context(), "/queue/a", []byte("x"), conn.Text); err != nil {
				t.Fatal(err)
			}
			text = b.read()
			other := header(text, "receipt")
			if want := "SEND\ndestination:/queue/a\ntransaction:" + id + "\nreceipt:" + other + "\n\nx^@"; text != want || other == sent {
				t.Errorf("%q, want %q", text, want)
			}
			if err := tx.Ack(token); err != nil {
				t.Fatal(err)
			}
			b.expect("ACK\nid:a\\c1\ntransaction:" + id + "\n\n^@")
			if err := tx.Nack(token); err != nil {
				t.Fatal(err)
			}
			b.expect("NACK\nid:a\\c1\ntransaction:" + id + "\n\n^@")
			finish := tx.Commit
			if end == "ABORT" {
				finish = tx.Abort
			}
			result := async(func() error { return finish(t.Context()) })
			text = b.read()
			receipt := header(text, "receipt")
			if text != end+"\ntransaction:"+id+"\nreceipt:"+receipt+"\n\n^@" {
				t.Errorf("%q", text)
			}
			for _, receipt := range []string{sent, other, receipt} {
				b.receipt(receipt)
			}
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{
				tx.Commit(t.Context()), tx.Abort(t.Context()), tx.Ack(token), tx.Nack(token), tx.Send(t.Context(), "/queue/a", nil),
			} {
				if !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "transaction") {
					t.Errorf("after %s: %v", end, err)
				}
			}
		}
	})
}

// What a transaction does not take is refused before anything is sent, and owes nothing.
func TestTransactionRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		tx := begin(t, c, "")
		b.read()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := tx.Send(ended, "/queue/a", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("under a context that has ended: %v", err)
		}
		for _, name := range []string{"receipt", "transaction", "destination"} {
			var bad *writer.HeaderError
			if err := tx.Send(t.Context(), "/queue/a", nil, frame.Field{Name: name, Value: "mine"}); !errors.As(err, &bad) || bad.Name != name {
				t.Errorf("with a header %s: %v", name, err)
			}
		}
		for what, err := range map[string]error{
			"NUL":            tx.Send(t.Context(), "/queue/a", nil, frame.Field{Name: "k", Value: "\x00"}),
			"NUL in text":    tx.Send(t.Context(), "/queue/a", []byte("a\x00b"), conn.Text),
			"no destination": tx.Send(t.Context(), "", nil),
		} {
			if !errors.Is(err, writer.ErrRefused) {
				t.Errorf("%s: %v", what, err)
			}
		}
		result := async(func() error { return tx.Commit(t.Context()) })
		text := b.read()
		if !strings.HasPrefix(text, "COMMIT\n") {
			t.Errorf("%q", text)
		}
		b.receipt(header(text, "receipt"))
		if err := b.await(result); err != nil {
			t.Error(err)
		}
	})
}

// "Different transactions MUST use different transaction identifiers", whether the caller or the
// client chose them.
func TestTransactionIDs(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	for _, began := range []struct{ id, want string }{{"mine", "mine"}, {"t1", "t1"}, {"t3", "t3"}, {"", "t2"}, {"", "t4"}} {
		tx := begin(t, c, began.id)
		if tx.ID() != began.want {
			t.Fatalf("%q is %q", began.id, tx.ID())
		}
		b.expect("BEGIN\ntransaction:" + began.want + "\n\n^@")
		if _, err := c.Begin(t.Context(), began.want); err == nil {
			t.Errorf("%s is begun again", began.want)
		}
		if began.id != "mine" {
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
	m := delivered(t, one, b, frame.AckClient)
	other, b := session(t, overPipe, frame.Version12, conn.Config{})
	tx := begin(t, other, "mine")
	b.expect("BEGIN\ntransaction:mine\n\n^@")
	for _, err := range []error{tx.Ack(m.Token()), tx.Nack(m.Token())} {
		if !errors.Is(err, conn.ErrOption) {
			t.Error(err)
		}
	}
}

// A worker acknowledges and sends in one transaction, on the connection that delivered.
func TestMessageBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{}) // with a connection of its own for consuming
		work := make(chan *conn.Message, 1)
		_, err := c.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
			tx, err := m.Begin(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			for what, err := range map[string]error{"Commit": tx.Commit(ctx), "Abort": tx.Abort(ctx)} {
				if !errors.Is(err, conn.ErrWouldBlock) {
					t.Errorf("%s in a handler: %v", what, err)
				}
			}
			work <- m.Retain()
		}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		consumer := s.latest()
		s.set(func(s *fakeServer) { s.log = nil })
		consumer.say(message("1", "m1", "x"))
		m := <-work
		defer m.Release()
		tx, err := m.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tx.Ack(m.Token()), tx.Send(t.Context(), "/queue/b", []byte("done")), tx.Commit(t.Context())); err != nil {
			t.Error(err)
		}
		if want := []string{"BEGIN", "BEGIN", "ACK", "SEND done", "COMMIT"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
		// On the other connection the broker would not know the message.
		if err := begin(t, c, "").Ack(m.Token()); !errors.Is(err, conn.ErrOption) {
			t.Errorf("Ack on the connection for sending: %v", err)
		}
		_ = consumer.nc.Close()
		synctest.Wait()
		if _, err := m.Begin(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Begin after the connection has ended: %v", err)
		}
	})
}

func TestCommitRejected(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	tx := begin(t, c, "")
	b.read()
	result := async(func() error { return tx.Commit(t.Context()) })
	b.write("ERROR\nreceipt-id:" + header(b.read(), "receipt") + "\nmessage:no\n\n^@")
	if err := b.await(result); !errors.As(err, new(*conn.ServerError)) {
		t.Error(err)
	}
}

// If a part was refused before Commit, ABORT goes out in its place and nothing takes effect.
func TestCommitOfWhatWasRefusedAborts(t *testing.T) {
	for name, refusal := range map[string]func(receipt string) string{
		"by name":     func(receipt string) string { return "ERROR\nmessage:no\nreceipt-id:" + receipt + "\n\n^@" },
		"by RabbitMQ": func(string) string { return "ERROR\nmessage:no\n\n^@" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{})
				tx := begin(t, c, "")
				b.read()
				if err := tx.Send(t.Context(), "/nonsense", nil); err != nil {
					t.Fatal(err)
				}
				b.write(refusal(header(b.read(), "receipt")))
				synctest.Wait()
				result := async(func() error { return tx.Commit(t.Context()) })
				text := b.read()
				if !strings.HasPrefix(text, "ABORT\ntransaction:t1\n") {
					t.Errorf("%q", text)
				}
				b.receipt(header(text, "receipt"))
				var rejected *conn.ServerError
				if err := b.await(result); !errors.As(err, &rejected) || rejected.Message != "no" || errors.Is(err, conn.ErrUnknownOutcome) {
					t.Errorf("Commit: %v", err)
				}
			})
		})
	}
}

// A broker knows nothing of a transaction behind its COMMIT, and may close the connection over a frame that names it.
func TestNothingFollowsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		// A sender that waits for room has looked whether the transaction is open before that.
		cl := s.connected(conn.Config{OneConnection: true, Link: link.Options{HighWater: 10}})
		tokens := make(chan conn.Token, 1)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { tokens <- m.Token() },
			conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "x"))
		token := <-tokens
		for range 100 {
			tx := begin(t, cl, "")
			var all sync.WaitGroup
			for _, call := range []func() error{
				func() error { return tx.Send(t.Context(), "/queue/a", nil) },
				func() error { return tx.Send(t.Context(), "/queue/b", nil) },
				func() error { return tx.Ack(token) },
				func() error { return tx.Nack(token) },
			} {
				all.Go(func() {
					var err error
					for n := 1; err == nil; n++ {
						if n%50 == 0 { // acknowledgements do not wait for room: let the outbox be written, and Commit in
							time.Sleep(time.Millisecond)
						}
						err = call()
					}
					if !errors.Is(err, net.ErrClosed) {
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
		if len(ended) != 100 {
			t.Errorf("%d transactions", len(ended))
		}
	})
}

// A transaction ends with its connection: nothing of it is sent on the next one, and only a COMMIT that had left is unknown.
func TestTransactionOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		begun := func() *conn.Tx {
			tx := begin(t, cl, "")
			if err := tx.Send(t.Context(), "/queue/a", []byte("in it")); err != nil {
				t.Fatal(err)
			}
			return tx
		}
		committed, open := begun(), begun()
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
		if err := committed.Commit(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("COMMIT again: %v", err)
		}
		if err := begun().Commit(t.Context()); err != nil {
			t.Error(err)
		}
		if got, want := s.order(), []string{"BEGIN", "SEND in it", "COMMIT"}; !slices.Equal(got, want) {
			t.Errorf("the broker got %q", got)
		}
	})
}

// A caller that gives up on Commit does not know; one whose context had ended before has sent nothing.
func TestCommitGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: 10 * time.Second})
		tx := begin(t, c, "")
		b.read()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result := async(func() error { return tx.Commit(ctx) })
		b.read()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := begun(t, c, b).Commit(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("nothing was sent: %v", err)
		}
		tx = begun(t, c, b)
		start := time.Now()
		result = async(func() error { return tx.Commit(t.Context()) })
		b.read()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) || time.Since(start) < 10*time.Second || time.Since(start) > 11*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func begun(t testing.TB, c *conn.Client, b *fakeBroker) *conn.Tx {
	t.Helper()
	tx := begin(t, c, "")
	b.read()
	return tx
}

// Commit waits for the receipts of what was sent, whenever they come, and its error may be of one of them.
func TestTransactionSendConfirmed(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string // in this order: 1 confirms the first SEND, -1 rejects it, C confirms COMMIT
		late    bool     // the connection ends instead of the last
		want    []error
	}{
		"before COMMIT's":           {answers: []string{"1", "2", "C"}},
		"after COMMIT's":            {answers: []string{"C", "2", "1"}},
		"the last is missing":       {answers: []string{"C", "1"}, late: true, want: []error{conn.ErrUnknownOutcome}},
		"COMMIT's is missing":       {answers: []string{"1", "2"}, late: true, want: []error{conn.ErrUnknownOutcome}},
		"one rejected, then COMMIT": {answers: []string{"-1", "2", "C"}, want: []error{new(conn.ServerError)}},
		"one rejected after COMMIT": {answers: []string{"C", "1", "-2"}, want: []error{new(conn.ServerError)}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{})
				tx := begun(t, c, b)
				ids := map[string]string{}
				for _, name := range []string{"1", "2"} {
					if err := tx.Send(t.Context(), "/queue/a", []byte(name)); err != nil {
						t.Fatal(err)
					}
					ids[name] = header(b.read(), "receipt")
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
				err := <-result
				if (err == nil) != (test.want == nil) {
					t.Error(err)
				}
				for _, want := range test.want {
					if _, rejected := want.(*conn.ServerError); rejected && !errors.As(err, new(*conn.ServerError)) || !rejected && !errors.Is(err, want) {
						t.Errorf("%v; want %v", err, want)
					}
				}
			})
		})
	}
}
