//go:build !race

package conn_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
	"github.com/stompwire/stompwire/writer"
)

// perRound is how many messages a round of an allocation gate has. The gates count what the whole process allocates, the
// broker's side included.
const perRound = 5000

// expectAllocs fails if a round of perRound messages does not allocate exactly so much for each of them.
func expectAllocs(t *testing.T, each int, round func()) {
	t.Helper()
	round() // pools fill, buffers find their size
	if got, want := alloctest.Least(1, round), float64(each*perRound); got != want {
		t.Errorf("%v allocations for %d messages, want %v", got, perRound, want)
	}
}

// confirmer is the broker's end of a link: it answers each frame that asks for a receipt, and allocates nothing.
type confirmer struct {
	l *link.Link
}

func (b *confirmer) OnFrame(f *frame.Frame) error {
	id, ok := f.Header.Lookup(frame.HeaderReceipt)
	if !ok {
		return nil
	}
	buf, err := b.l.ReserveNow(64)
	if err != nil {
		return err
	}
	out, err := writer.AppendReceipt(buf, frame.Version12, id)
	if err != nil {
		out = buf
	}
	b.l.Commit(out)
	return err
}

func (b *confirmer) OnClose(error) {}

func confirm(nc net.Conn) {
	b := &confirmer{}
	b.l = link.New(nc, b, link.Options{})
	_ = pump.Driver{}.Start(b.l)
	<-b.l.Done()
}

// Publishing allocates nothing, confirmed or not, with headers of each message's own or without.
func TestAllocPublish(t *testing.T) {
	body, field := []byte(strings.Repeat("x", 128)), frame.Field{Name: "k", Value: "a:b"}
	ctx := context.Background()
	var confirmed atomic.Int64
	count := func(o conn.Outcome) {
		if o.Status == conn.Confirmed {
			confirmed.Add(1)
		}
	}
	sending := func(h ...frame.Field) func(t *testing.T, c *conn.Client) func() {
		return func(t *testing.T, c *conn.Client) func() {
			return func() {
				for range perRound {
					if err := c.Send(ctx, "/queue/a", body, h...); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	producing := func(cfg conn.ProducerConfig, h ...frame.Field) func(t *testing.T, c *conn.Client) func() {
		return func(t *testing.T, c *conn.Client) func() {
			cfg.Destination = "/queue/a"
			p := producer(t, c, cfg)
			return func() {
				confirmed.Store(0)
				for range perRound {
					if _, err := p.Send(ctx, body, h...); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if n := confirmed.Load(); cfg.OnOutcome != nil && n != perRound {
					t.Errorf("%d of %d are confirmed", n, perRound)
				}
			}
		}
	}
	for _, test := range []struct {
		name   string
		broker dialect.Broker
		make   func(t *testing.T, c *conn.Client) func()
	}{
		{"Send", 0, sending()},
		{"Send, a header", 0, sending(field)},
		{"Send, text", 0, sending(field, conn.Text)},
		{"producer without receipts", 0, producing(conn.ProducerConfig{Window: -1})},
		{"producer without receipts, a header", 0, producing(conn.ProducerConfig{Window: -1}, field)},
		{"producer", 0, producing(conn.ProducerConfig{}, field)},
		{"producer, text", 0, producing(conn.ProducerConfig{Headers: []frame.Field{conn.Text}}, field)},
		{"producer, small window", 0, producing(conn.ProducerConfig{Window: 10})},
		{"producer, every 100th", dialect.Embedded, producing(conn.ProducerConfig{ReceiptEvery: 100})},
		{"OnOutcome", 0, producing(conn.ProducerConfig{OnOutcome: count}, field)},
		{"OnOutcome, ActiveMQ", dialect.ActiveMQ, producing(conn.ProducerConfig{OnOutcome: count}, field)}, // its receipts are acknowledged at once
		{"OnOutcome, in order", 0, producing(conn.ProducerConfig{OnOutcome: count, InOrder: true})},
		{"OnOutcome, every 100th", dialect.Embedded, producing(conn.ProducerConfig{OnOutcome: count, ReceiptEvery: 100})},
		{"Redeliver", 0, producing(conn.ProducerConfig{OnOutcome: count, Redeliver: true}, field)},
		{"Redeliver, an id", 0, producing(conn.ProducerConfig{OnOutcome: count, Redeliver: true, IDHeader: "x-id", InOrder: true}, field)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := loopbackSessionWith(t, conn.Config{Broker: test.broker}, confirm)
			expectAllocs(t, 0, test.make(t, c))
		})
	}
}

// SendReceipt allocates one thing: the text of its receipt id.
func TestAllocSendReceipt(t *testing.T) {
	const sends = 1000
	c := loopbackSession(t, confirm)
	ctx, body := context.Background(), make([]byte, 128)
	round := func() {
		for range sends {
			if err := c.SendReceipt(ctx, "/queue/a", body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := alloctest.Least(1, round); got != sends {
		t.Errorf("%v allocations for %d sends", got, sends)
	}
}

// Receiving and acknowledging allocates nothing, in any mode and by any way; only a Token owns its texts.
func TestAllocConsume(t *testing.T) {
	nothing := func(*conn.Message) error { return nil }
	ack := func(m *conn.Message) error { return m.Ack() }
	for _, test := range []struct {
		name   string
		opts   conn.SubscribeOptions
		pull   bool
		each   func(m *conn.Message) error
		allocs int
	}{
		{"auto", conn.SubscribeOptions{}, false, nothing, 0},
		{"an id of the user's", conn.SubscribeOptions{ID: "mine"}, false, nothing, 0},
		{"client", conn.SubscribeOptions{Ack: frame.AckClient}, false, ack, 0},
		{"client-individual", conn.SubscribeOptions{Ack: frame.AckClientIndividual}, false, ack, 0},
		{"nack", conn.SubscribeOptions{Ack: frame.AckClientIndividual}, false, func(m *conn.Message) error { return m.Nack() }, 0},
		{"AckEvery", conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 50}, false, ack, 0},
		{"token", conn.SubscribeOptions{Ack: frame.AckClientIndividual}, false, func(m *conn.Message) error { return m.Token().Ack() }, 1},
		{"retained", conn.SubscribeOptions{}, false, func(m *conn.Message) error { m.Retain().Release(); return nil }, 0},
		{"pulled", conn.SubscribeOptions{}, true, nothing, 0},
		{"pulled, client-individual", conn.SubscribeOptions{Ack: frame.AckClientIndividual}, true, ack, 0},
		{"pulled, AckEvery", conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 50}, true, ack, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := test.opts.ID
			if id == "" {
				id = "1"
			}
			wanted, done := make(chan struct{}), make(chan struct{})
			c := loopbackSession(t, func(nc net.Conn) { deliver(nc, id, wanted) })
			defer close(wanted)
			handled := 0
			handle := func(m *conn.Message) {
				if err := test.each(m); err != nil {
					t.Error(err)
				}
				if handled++; handled%perRound == 0 {
					done <- struct{}{}
				}
			}
			test.opts.NoReceipt = true
			if test.pull {
				test.opts.MaxMessages, test.opts.MaxBytes = 2*perRound, 16<<20 // to stop reading, and go on, allocates
				sub, err := c.Consume(t.Context(), "/queue/a", test.opts)
				if err != nil {
					t.Fatal(err)
				}
				pulled := make(chan struct{})
				defer func() {
					_ = c.Close()
					<-pulled
				}()
				go func() {
					defer close(pulled)
					for {
						m, err := sub.Next(context.Background())
						if err != nil {
							return
						}
						handle(m)
						m.Release()
					}
				}()
			} else if _, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { handle(m) }, test.opts); err != nil {
				t.Fatal(err)
			}
			expectAllocs(t, test.allocs, func() {
				wanted <- struct{}{}
				select {
				case <-done:
				case <-c.Done():
					t.Fatal(c.Err())
				}
			})
		})
	}
}

// deliver sends perRound messages to a subscription each time that they are wanted.
func deliver(nc net.Conn, id string, wanted <-chan struct{}) {
	const batch = 100
	messages := []byte(strings.Repeat("MESSAGE\nsubscription:"+id+"\nmessage-id:ID\\c1\nack:1\ndestination:/queue/a\ncontent-length:128\n\n"+
		strings.Repeat("x", 128)+"\x00\n", batch))
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buf := make([]byte, 64<<10)
		for {
			if _, err := nc.Read(buf); err != nil {
				return
			}
		}
	}()
	for range wanted {
		for range perRound / batch {
			if _, err := nc.Write(messages); err != nil {
				break
			}
		}
	}
	<-drained
}

// A transaction allocates for its texts and receipts, within bounds.
func TestAllocTransaction(t *testing.T) {
	c := loopbackSession(t, confirm)
	ctx, body := context.Background(), make([]byte, 128)
	tx := begin(t, c, "")
	// Its calls are kept until Commit: the map of them grows now and then.
	got := alloctest.Least(1, func() {
		for range perRound {
			if err := tx.Send(ctx, "/queue/a", body); err != nil {
				t.Fatal(err)
			}
		}
	})
	if each := got / perRound; each > 3 {
		t.Errorf("%.2f allocations for a Send in a transaction", each)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Error(err)
	}
}
