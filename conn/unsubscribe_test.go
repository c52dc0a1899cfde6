package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A subscription ends once, however many ask for that: a second UNSUBSCRIBE is an ERROR on all brokers.
func TestUnsubscribeTwice(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		s := subscription(b, c, conn.SubscribeOptions{}, ignore)
		first := async(func() error { return s.Unsubscribe(t.Context()) })
		text := b.read()
		second := async(func() error { return s.Unsubscribe(t.Context()) })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Unsubscribe(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("while it is being ended, with a context that has ended: %v", err)
		}
		b.receipt(header(text, "receipt"))
		for _, result := range []<-chan error{first, second, async(func() error { return s.Unsubscribe(t.Context()) })} {
			if err := b.await(result); err != nil {
				t.Error(err)
			}
		}
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/b\n\n^@")
	})
}

// In mode auto the broker does not have what is on its way any more. It is handled until UNSUBSCRIBE is confirmed, and Unsubscribe
// returns after the last handler. In the other modes it goes back (R6).
func TestUnsubscribeHandlesWhatIsOnItsWay(t *testing.T) {
	for mode, want := range map[frame.AckMode][]string{
		frame.AckAuto: {"before", "behind", "further behind"}, frame.AckClient: {"before"}, frame.AckClientIndividual: {"before"},
	} {
		overEach(t, func(t *testing.T, tr transport) {
			c, b := session(t, tr, frame.Version12, conn.Config{})
			runs, returns := make(chan struct{}), make(chan struct{})
			var handled []string
			s := subscription(b, c, conn.SubscribeOptions{Ack: mode}, func(_ context.Context, m *conn.Message) {
				if len(handled) == 0 {
					close(runs)
					<-returns
				}
				handled = append(handled, string(m.Body))
			})
			b.write(message("1", "m1", "before"))
			<-runs
			ended := async(func() error { return s.Unsubscribe(t.Context()) })
			if mode != frame.AckAuto { // UNSUBSCRIBE would be before its ACK
				close(returns)
			}
			text := b.read()
			written := async(func() error {
				b.write(message("1", "m2", "behind") + message("1", "m3", "further behind"))
				b.receipt(header(text, "receipt"))
				return nil
			})
			if mode == frame.AckAuto {
				close(returns)
			}
			if err := errors.Join(b.await(written), b.await(ended)); err != nil {
				t.Error(err)
			}
			b.write(message("1", "m4", "too late"))
			flush(t, c, b)
			if !slices.Equal(handled, want) {
				t.Errorf("mode %v: handled %q, want %q", mode, handled, want)
			}
		})
	}
}

// In mode auto what comes after the context of Unsubscribe has ended is not handled. A context that lasts longer than the default
// timeout is not shortened.
func TestUnsubscribeIsBoundedByItsContext(t *testing.T) {
	for _, long := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: time.Minute})
			var handled []string
			s := subscription(b, c, conn.SubscribeOptions{}, func(_ context.Context, m *conn.Message) {
				handled = append(handled, string(m.Body))
				time.Sleep(40 * time.Second)
			})
			ctx, want := t.Context(), []string{"1", "2"}
			if long {
				longer, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				ctx, want = longer, []string{"1", "2", "3", "4"}
			}
			ended := async(func() error { return s.Unsubscribe(ctx) })
			text := b.read()
			go b.write(message("1", "m1", "1") + message("1", "m2", "2") + message("1", "m3", "3") + message("1", "m4", "4") +
				"RECEIPT\nreceipt-id:" + header(text, "receipt") + "\n\n^@")
			begin := time.Now()
			err, took := b.await(ended), time.Since(begin)
			if long && (err != nil || took != 160*time.Second) || !long && (!errors.Is(err, context.DeadlineExceeded) || took != time.Minute) {
				t.Errorf("long %t: %v after %v", long, err, took)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if !slices.Equal(handled, want) {
				t.Errorf("long %t: handled %q, want %q", long, handled, want)
			}
		})
	}
}

// In mode auto Next returns what had come, even if nothing is read from a queue that is full when it is to end (R6).
func TestUnsubscribeKeepsTheQueue(t *testing.T) {
	for mode, want := range map[frame.AckMode][]string{
		frame.AckAuto: {"m0", "m1", "m2", "m3", "m4"}, frame.AckClient: nil, frame.AckClientIndividual: nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			co, c, s := consume(t, conn.SubscribeOptions{MaxMessages: 2, Ack: mode})
			var all strings.Builder
			for i := range 5 {
				all.WriteString(message("1", fmt.Sprint("m", i), "x"))
			}
			go s.latest().say(all.String()) // in one write, so that no answer comes between
			time.Sleep(time.Minute)
			if err := co.Unsubscribe(t.Context()); err != nil {
				t.Error(err)
			}
			if ids, err := drain(co); !slices.Equal(ids, want) || !errors.Is(err, net.ErrClosed) {
				t.Errorf("mode %v: %q had come, and then %v", mode, ids, err)
			}
			if !c.Connected() {
				t.Error("the connection has ended")
			}
		})
	}
}

// Close throws away what waits for Next.
func TestCloseDropsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, c, s := consume(t, conn.SubscribeOptions{})
		s.latest().say(message("1", "m1", "x"))
		synctest.Wait()
		_ = c.Close()
		<-c.Done()
		if ids, err := drain(co); ids != nil || !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %q, and then %v", ids, err)
		}
	})
}

// On RabbitMQ the subscription is taken over before it ends, for otherwise the broker drops what waits there to be sent (R6).
func TestUnsubscribeTakesOverInModeAuto(t *testing.T) {
	c, b := rabbit(t, conn.Config{})
	var handled []string
	s := b.subscribeRabbit(c, conn.SubscribeOptions{}, func(_ context.Context, m *conn.Message) {
		handled = append(handled, string(m.Body))
	})
	ended := async(func() error { return s.Unsubscribe(t.Context()) })
	if text := b.read(); text != "UNSUBSCRIBE\nid:1\n\n^@" {
		t.Errorf("got %q", text)
	}
	text := b.read()
	if want := "SUBSCRIBE\nid:1\ndestination:/topic/stompwire-unused\nack:auto\n\n^@"; stripReceipt(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	b.write(message("1", "m1", "1"))
	b.receipt(header(text, "receipt"))
	text = b.read()
	if want := "UNSUBSCRIBE\nid:1\n\n^@"; stripReceipt(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	b.write(message("1", "m2", "2"))
	b.receipt(header(text, "receipt"))
	if err := b.await(ended); err != nil || !slices.Equal(handled, []string{"1", "2"}) {
		t.Errorf("%v; handled %q", err, handled)
	}
}

// Subscriptions in mode auto that come and go lose nothing and get nothing twice, handled or pulled.
func TestUnsubscribeLosesNothing(t *testing.T) {
	const messages = 5000
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c, err := conn.Dial(t.Context(), srv.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Close()
		<-c.Done()
	}()
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a"})
	for range messages {
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := 0
	for round := 0; got < messages; round++ {
		if round%2 == 0 {
			got += handleSome(t, c)
		} else {
			got += pullSome(t, c)
		}
	}
	if got != messages {
		t.Errorf("%d of %d messages came", got, messages)
	}
}

// handleSome subscribes until a message has come, and returns how many have come by the end.
func handleSome(t *testing.T, c *conn.Client) int {
	var handled atomic.Int64
	some := make(chan struct{}, 1)
	s, err := c.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) {
		if handled.Add(1) == 1 {
			some <- struct{}{}
		}
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	<-some
	if err := s.Unsubscribe(t.Context()); err != nil {
		t.Error(err)
	}
	return int(handled.Load())
}

// pullSome is handleSome with Next.
func pullSome(t *testing.T, c *conn.Client) int {
	s, err := c.Consume(t.Context(), "/queue/a", conn.SubscribeOptions{MaxMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Release()
	if err := s.Unsubscribe(t.Context()); err != nil {
		t.Error(err)
	}
	ids, _ := drain(s)
	return 1 + len(ids)
}
