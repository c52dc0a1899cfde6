package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// everyFourth sends ten frames, of which each fourth asks for a receipt, to a broker whose receipts are cumulative and that
// does not read before all are sent. The first frame is a batch of its own, so it asks, too.
func everyFourth(t *testing.T) (b *fakeBroker, p *conn.Producer, seen *outcomes) {
	t.Helper()
	c, b := sessionOf(t, inBubble, "stompwire", conn.Config{})
	p, seen = newProducer(t, c, conn.ProducerConfig{Window: 100, ReceiptEvery: 4})
	for i := range 10 {
		sendAll(t, p, fmt.Sprint(i+1))
		synctest.Wait()
	}
	return b, p, seen
}

// readTen returns the receipts that the ten frames ask for, by their bodies.
func readTen(b *fakeBroker) (asked map[string]string) {
	b.t.Helper()
	asked = map[string]string{}
	for i := range 10 {
		text := b.read()
		if body(text) != fmt.Sprint(i+1) {
			b.t.Errorf("message %d is %q", i+1, text)
		}
		if id := header(text, "receipt"); id != "" {
			asked[body(text)] = id
		}
	}
	return asked
}

func TestReceiptEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p, seen := everyFourth(t)
		asked := readTen(b)
		if len(asked) != 4 || asked["1"] == "" || asked["5"] == "" || asked["9"] == "" || asked["10"] == "" {
			t.Errorf("receipts are asked for %v", asked)
		}
		b.receipt(asked["5"])
		synctest.Wait()
		if got, want := seen.String(), "1 confirmed, 2 confirmed, 3 confirmed, 4 confirmed, 5 confirmed"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		b.receipt(asked["1"]) // late, and said already
		b.receipt(asked["10"])
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if got := seen.String(); strings.Count(got, "confirmed") != 10 {
			t.Error(got)
		}
	})
}

// A rejection is of one frame only; those before it wait for the next receipt.
func TestReceiptEveryRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _, seen := everyFourth(t)
		asked := readTen(b)
		b.write("ERROR\nmessage:no\nreceipt-id:" + asked["5"] + "\n\n^@")
		synctest.Wait()
		if got := seen.String(); got != "5 rejected" {
			t.Error(got)
		}
		b.receipt(asked["9"])
		synctest.Wait()
		if got := seen.String(); strings.Count(got, "confirmed") != 8 || strings.Count(got, "rejected") != 1 {
			t.Error(got)
		}
	})
}

// An ERROR that names no frame may be about any without an outcome, and no receipt makes up for it.
func TestReceiptEveryDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p, seen := everyFourth(t)
		asked := readTen(b)
		b.receipt(asked["1"])
		b.write("ERROR\nmessage:one of them is bad\n\n^@")
		b.receipt(asked["10"])
		synctest.Wait()
		if got := seen.String(); strings.Count(got, "unknown") != 9 || !strings.Contains(got, "1 confirmed") {
			t.Fatal(got)
		}
		var cause *conn.ServerError
		if err := p.Flush(t.Context()); !errors.Is(err, conn.ErrUnknownOutcome) || !errors.As(err, &cause) {
			t.Errorf("Flush returns %v", err)
		}
	})
}

// The receipt line that a frame gets late is put where it belongs, whatever else is in the batch.
func TestReceiptEveryOfSeveralProducers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := sessionOf(t, inBubble, "stompwire", conn.Config{})
		var producers []*conn.Producer
		for _, queue := range []string{"/queue/a", "/queue/b", "/queue/c"} {
			p, err := c.NewProducer(conn.ProducerConfig{Destination: queue, Window: 100, ReceiptEvery: 50})
			if err != nil {
				t.Fatal(err)
			}
			producers = append(producers, p)
		}
		if err := c.Send(t.Context(), "/queue/x", nil); err != nil { // it keeps the outbox busy
			t.Fatal(err)
		}
		synctest.Wait()
		send := func(p *conn.Producer, text string) {
			if _, err := p.Send(t.Context(), []byte(text), frame.Field{Name: "n", Value: text}); err != nil {
				t.Fatal(err)
			}
		}
		send(producers[2], "c1")
		send(producers[0], "a1")
		send(producers[0], "a2")
		send(producers[1], "b1")
		if err := c.Send(t.Context(), "/queue/x", []byte("x")); err != nil {
			t.Fatal(err)
		}
		b.read()
		for _, want := range []struct {
			body  string
			asked bool
		}{{"c1", true}, {"a1", false}, {"a2", true}, {"b1", true}, {"x", false}} {
			text := b.read()
			if body(text) != want.body || (header(text, "receipt") != "") != want.asked || header(text, "content-length") != fmt.Sprint(len(want.body)) {
				t.Errorf("%q, want %+v", text, want)
			}
		}
	})
}

// It is never taken for granted that receipts are cumulative: other brokers are asked for each.
func TestReceiptEveryRefused(t *testing.T) {
	for server, cumulative := range map[string]bool{
		"RabbitMQ/4.0.0": false, "ActiveMQ/6.1.0": false, "somebody": false, "ActiveMQ-Artemis/2.44.0": true, "stompwire": true,
	} {
		synctest.Test(t, func(t *testing.T) {
			c, b := sessionOf(t, inBubble, server, conn.Config{})
			p, _ := newProducer(t, c, conn.ProducerConfig{Window: 100, ReceiptEvery: 10})
			for range 5 {
				sendAll(t, p, "x")
				synctest.Wait()
			}
			asked := 0
			for range 5 {
				if header(b.read(), "receipt") != "" {
					asked++
				}
			}
			if (asked < 5) != cumulative {
				t.Errorf("%s is asked for %d receipts of 5", server, asked)
			}
		})
	}
}

// With the embedded broker: every message has its outcome and has arrived, with far fewer receipts than messages.
func TestReceiptEveryWithABroker(t *testing.T) {
	const messages, senders = 20_000, 4
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	var receipts atomic.Int64
	c, err := conn.Dial(t.Context(), srv.Addr().String(), &conn.Config{Trace: func(_ context.Context, e *conn.Event) {
		if e.Kind == conn.EventReceived && e.Frame.Command == frame.CmdReceipt {
			receipts.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Close()
		<-c.Done()
	}()
	arrived, all := 0, make(chan struct{})
	_, err = c.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) {
		if arrived++; arrived == messages {
			close(all)
		}
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	receipts.Store(0)
	outcomes := make([]atomic.Int64, messages+1)
	p := producer(t, c, conn.ProducerConfig{
		Destination: "/queue/a", Window: 1000, ReceiptEvery: 100,
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				outcomes[o.Seq].Add(1)
			}
		},
	})
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range messages / senders {
				if _, err := p.Send(t.Context(), []byte("a message")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for seq := range outcomes[1:] {
		if n := outcomes[seq+1].Load(); n != 1 {
			t.Fatalf("message %d was confirmed %d times", seq+1, n)
		}
	}
	if n := receipts.Load(); n < messages/100 || n > messages {
		t.Errorf("%d receipts for %d messages", n, messages)
	} else {
		t.Logf("%d receipts for %d messages", n, messages)
	}
	<-all
}

// Cumulative on a broker that is, over a loss, and a receipt for each on one that is not.
func TestClientReceiptEvery(t *testing.T) {
	for _, redeliver := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, server: "ActiveMQ-Artemis/2.44.0", answer: never}
			cl := s.connected(conn.Config{})
			p, seen := newProducer(t, cl, conn.ProducerConfig{Window: 20, ReceiptEvery: 10, Redeliver: redeliver, InOrder: true})
			send := func(n int) {
				for range n {
					sendAll(t, p, "m")
				}
			}
			read := make(chan struct{})
			s.set(func(s *fakeServer) {
				s.answer = func(text string) bool { // reads no more before it is told to, so that there are batches
					s.mu.Unlock()
					<-read
					s.mu.Lock()
					return false
				}
			})
			for range 2 {
				send(1)
				synctest.Wait()
			}
			send(13)
			close(read)
			synctest.Wait()
			frames := s.frames("SEND")
			asked := slices.DeleteFunc(slices.Clone(frames), func(text string) bool { return header(text, "receipt") == "" })
			if len(frames) != 15 || len(asked) != 4 || header(frames[14], "receipt") == "" {
				t.Errorf("%d of %d frames ask for a receipt", len(asked), len(frames))
			}
			s.latest().say("RECEIPT\nreceipt-id:" + header(asked[0], "receipt") + "\n\n^@") // the first, or the first batch
			synctest.Wait()
			confirmed := seen.len()
			if confirmed == 0 || confirmed == 15 {
				t.Errorf("%d are confirmed", confirmed)
			}
			s.set(func(s *fakeServer) { s.answer = nil; s.server = "RabbitMQ/4.0.0" })
			s.cut()
			synctest.Wait()
			send(3) // on the next connection, to another broker
			err := p.Flush(t.Context())
			if redeliver && err != nil {
				t.Error(err)
			}
			if !redeliver {
				notConfirmed(t, err, 0, uint64(15-confirmed), 0)
			}
			for i, o := range seen.all {
				want := conn.Confirmed
				if i >= confirmed && i < 15 && !redeliver {
					want = conn.Unknown
				}
				if o.Seq != uint64(i+1) || o.Status != want {
					t.Errorf("redeliver %t: outcome %d is %+v; want %v", redeliver, i+1, o, want)
				}
			}
			if seen.len() != 18 {
				t.Errorf("%d outcomes", seen.len())
			}
			for _, text := range s.frames("SEND")[15:] {
				if header(text, "receipt") == "" {
					t.Errorf("RabbitMQ is not asked for a receipt: %q", text)
				}
			}
		})
	}
}
