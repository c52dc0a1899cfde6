package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// everyFourth sends ten frames, of which each fourth asks for a receipt, with a broker that does not read before all are
// sent. The first one is a batch of its own and so asks, too.
func everyFourth(t *testing.T) (c *conn.Conn, b *fakeBroker, p *conn.Producer, outcomes *[]conn.Outcome) {
	t.Helper()
	c, b = session(t, inBubble, frame.Version12, conn.Config{})
	outcomes = new([]conn.Outcome)
	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/queue/a", Window: 100, ReceiptEvery: 4, AssumeCumulative: true,
		OnOutcome: func(o conn.Outcome) { *outcomes = append(*outcomes, o) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := p.Send(t.Context(), fmt.Append(nil, i+1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	return c, b, p, outcomes
}

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

// status returns the outcomes as one line.
func status(outcomes []conn.Outcome) (line string) {
	for _, o := range outcomes {
		line += fmt.Sprintf("%d %v ", o.Seq, o.Status)
	}
	return line
}

func TestReceiptEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, p, outcomes := everyFourth(t)
		asked := readTen(b)
		if len(asked) != 4 || asked["1"] == "" || asked["5"] == "" || asked["9"] == "" || asked["10"] == "" {
			t.Errorf("receipts are asked for %v", asked)
		}
		b.receipt(asked["5"])
		synctest.Wait()
		if got, want := status(*outcomes), "1 confirmed 2 confirmed 3 confirmed 4 confirmed 5 confirmed "; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		b.receipt(asked["1"]) // late, and said already
		b.receipt(asked["10"])
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if len(*outcomes) != 10 || (*outcomes)[9] != (conn.Outcome{Seq: 10, Status: conn.Confirmed}) {
			t.Error(status(*outcomes))
		}
	})
}

// A rejection is of one frame only; those before it wait for the next receipt.
func TestReceiptEveryRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, _, outcomes := everyFourth(t)
		asked := readTen(b)
		b.write("ERROR\nmessage:no\nreceipt-id:" + asked["5"] + "\n\n^@")
		synctest.Wait()
		if got := status(*outcomes); got != "5 rejected " {
			t.Error(got)
		}
		b.receipt(asked["9"])
		synctest.Wait()
		if got := status((*outcomes)[1:]); got != "1 confirmed 2 confirmed 3 confirmed 4 confirmed 6 confirmed 7 confirmed 8 confirmed 9 confirmed " {
			t.Error(got)
		}
	})
}

// An ERROR that names no frame may mean any that has no outcome, and no receipt makes it good.
func TestReceiptEveryDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, p, outcomes := everyFourth(t)
		asked := readTen(b)
		b.receipt(asked["1"])
		b.write("ERROR\nmessage:one of them is bad\n\n^@")
		b.receipt(asked["10"])
		synctest.Wait()
		if len(*outcomes) != 10 {
			t.Fatal(status(*outcomes))
		}
		for i, o := range *outcomes {
			var cause *conn.ServerError
			switch {
			case i == 0 && o.Status == conn.Confirmed:
			case i > 0 && o.Status == conn.Unknown && errors.Is(o.Err, conn.ErrUnknownOutcome) && errors.As(o.Err, &cause):
			default:
				t.Errorf("%+v", o)
			}
		}
		sent := async(func() error { _, err := p.Send(t.Context(), []byte("good")); return err })
		b.receipt(header(b.read(), "receipt"))
		if err := b.await(sent); err != nil {
			t.Error(err)
		}
		if err := p.Flush(t.Context()); err != nil || (*outcomes)[10].Status != conn.Confirmed {
			t.Errorf("%v, %s", err, status(*outcomes))
		}
	})
}

// The line that a frame gets late is put where it belongs, whatever else is in the batch.
func TestReceiptEveryOfSeveralProducers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		var producers []*conn.Producer
		for _, queue := range []string{"/queue/a", "/queue/b", "/queue/c"} {
			p, err := c.NewProducer(conn.ProducerConfig{Destination: queue, Window: 100, ReceiptEvery: 50, AssumeCumulative: true})
			if err != nil {
				t.Fatal(err)
			}
			producers = append(producers, p)
		}
		if err := c.Send(t.Context(), "/queue/x", nil); err != nil { // it keeps the flusher busy
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
		for _, want := range []string{
			"SEND\ndestination:/queue/c\nn:c1\nreceipt:~2-1\ncontent-length:2\n\nc1^@",
			"SEND\ndestination:/queue/a\nn:a1\ncontent-length:2\n\na1^@",
			"SEND\ndestination:/queue/a\nn:a2\nreceipt:~0-2\ncontent-length:2\n\na2^@",
			"SEND\ndestination:/queue/b\nn:b1\nreceipt:~1-1\ncontent-length:2\n\nb1^@",
			"SEND\ndestination:/queue/x\ncontent-length:1\n\nx^@",
		} {
			b.expect(want)
		}
	})
}

// It is never taken for granted that receipts are cumulative.
func TestReceiptEveryRefused(t *testing.T) {
	for _, test := range []struct {
		server   string
		cfg      conn.ProducerConfig
		fine     bool
		sentinel error
	}{
		{"RabbitMQ/4.0.0", conn.ProducerConfig{Window: 10, ReceiptEvery: 2}, false, conn.ErrReceiptsNotCumulative},
		{"ActiveMQ/6.1.0", conn.ProducerConfig{Window: 10, ReceiptEvery: 2}, false, conn.ErrReceiptsNotCumulative},
		{"somebody", conn.ProducerConfig{Window: 10, ReceiptEvery: 2}, false, conn.ErrReceiptsNotCumulative},
		{"somebody", conn.ProducerConfig{Window: 10, ReceiptEvery: 2, AssumeCumulative: true}, true, nil},
		{"RabbitMQ/4.0.0", conn.ProducerConfig{Window: 10, ReceiptEvery: 1}, true, nil},
		{"ActiveMQ-Artemis/2.44.0", conn.ProducerConfig{Window: 10, ReceiptEvery: 10}, true, nil},
		{"stompwire", conn.ProducerConfig{Window: 10, ReceiptEvery: 10}, true, nil},
		{"stompwire", conn.ProducerConfig{Window: 10, ReceiptEvery: 11}, false, nil},
		{"stompwire", conn.ProducerConfig{ReceiptEvery: 2}, false, nil},
		{"stompwire", conn.ProducerConfig{Window: 10, ReceiptEvery: -1}, false, nil},
	} {
		c, _ := connected(t, conn.Config{}, test.server)
		test.cfg.Destination = "/queue/a"
		if _, err := c.NewProducer(test.cfg); (err == nil) != test.fine || test.sentinel != nil && !errors.Is(err, test.sentinel) {
			t.Errorf("%s, %+v: %v", test.server, test.cfg, err)
		}
	}
	cl := (&fakeServer{t: t}).client(conn.ClientConfig{})
	if _, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Window: 10, ReceiptEvery: 11}); err == nil {
		t.Error("a client's producer with more than its window is made")
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
	var arrived, receipts atomic.Int64
	dial := func(listeners *conn.Listeners) *conn.Conn {
		c, err := conn.Dial(t.Context(), srv.Addr().String(), &conn.Config{Listeners: listeners})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	_, err = dial(nil).Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) { arrived.Add(1) }, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var listeners conn.Listeners
	if err := listeners.Set("", receiptCounter{&receipts}); err != nil {
		t.Fatal(err)
	}
	c := dial(&listeners)
	outcomes := make([]atomic.Int64, messages+1)
	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: "/queue/a", Window: 1000, ReceiptEvery: 100,
		OnOutcome: func(o conn.Outcome) {
			if o.Status == conn.Confirmed {
				outcomes[o.Seq].Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
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
	if n := receipts.Load(); n < messages/100 || n >= messages {
		t.Errorf("%d receipts for %d messages", n, messages)
	} else {
		t.Logf("%d receipts for %d messages", n, messages)
	}
	waitUntil(t, func() bool { return arrived.Load() == messages })
}

type receiptCounter struct{ n *atomic.Int64 }

func (r receiptCounter) OnReceipt(*conn.Conn, *frame.Frame) { r.n.Add(1) }

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for range 6000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not come to that")
}

// A client's producer: cumulative on a broker that is, over a loss, and a receipt for each on one that is not.
func TestClientReceiptEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, redeliver := range []bool{true, false} {
			s := &fakeServer{t: t, server: "ActiveMQ-Artemis/2.44.0", answer: func(string) bool { return false }}
			cl := s.connected(conn.ClientConfig{})
			var outcomes []conn.Outcome
			p, err := cl.NewProducer(conn.ClientProducerConfig{
				Destination: "/queue/a", Window: 20, ReceiptEvery: 10, Redeliver: redeliver, InOrder: true,
				OnOutcome: func(o conn.Outcome) { outcomes = append(outcomes, o) },
			})
			if err != nil {
				t.Fatal(err)
			}
			send := func(n int) {
				for range n {
					if _, err := p.Send(t.Context(), []byte("m")); err != nil {
						t.Fatal(err)
					}
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
			confirmed := len(outcomes)
			if confirmed == 0 || confirmed == 15 {
				t.Errorf("%d are confirmed", confirmed)
			}
			s.set(func(s *fakeServer) { s.answer = nil; s.server = "RabbitMQ/4.0.0" })
			s.cut()
			synctest.Wait()
			send(3) // on the next connection, to another broker
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, o := range outcomes {
				want := conn.Confirmed
				if i >= confirmed && i < 15 && !redeliver {
					want = conn.Unknown
				}
				if o.Seq != uint64(i+1) || o.Status != want {
					t.Errorf("redeliver %t: outcome %d is %+v; want %v", redeliver, i+1, o, want)
				}
			}
			if len(outcomes) != 18 {
				t.Errorf("%d outcomes", len(outcomes))
			}
			for _, text := range s.frames("SEND")[15:] {
				if header(text, "receipt") == "" {
					t.Errorf("RabbitMQ is not asked for a receipt: %q", text)
				}
			}
			s.end(cl)
		}
	})
}
