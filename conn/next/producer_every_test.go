package conn_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn/next"
	"github.com/stompwire/stompwire/frame"
)

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
