package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// On the reading goroutine nothing waits for what only that goroutine could read.
func TestHandlerNeverWaits(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/b", Window: 1})
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan map[string]error, 1)
		b.subscribe(c, frame.AckAuto, func(ctx context.Context, m *conn.Message) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour) // a child is still the handler's
			defer cancel()
			got := make(map[string]error)
			got["SendReceipt"] = c.SendReceipt(ctx, "/queue/b", nil)
			_, got["Subscribe"] = c.Subscribe(ctx, "/queue/b", ignore, conn.SubscribeOptions{})
			got["Unsubscribe"] = m.Subscription().Unsubscribe(ctx)
			got["EndDurable"] = m.Subscription().EndDurable(ctx)
			got["Disconnect"] = c.Disconnect(ctx)
			_, got["Consume"] = c.Consume(ctx, "/queue/b", conn.SubscribeOptions{})
			_, got["Request"] = c.Request(ctx, "/queue/b", nil)
			got["SendFrom"] = c.SendFrom(ctx, "/queue/b", strings.NewReader("x"), 1)
			tx, err := c.Begin(ctx, "")
			if err != nil {
				t.Error(err)
				return
			}
			got["Commit"], got["Abort"] = tx.Commit(ctx), tx.Abort(ctx)
			if _, err := p.Send(ctx, nil); err != nil {
				t.Error(err)
			}
			_, got["Producer.Send"] = p.Send(ctx, nil)
			got["Producer.Flush"] = p.Flush(ctx)
			got["Producer.Close"] = p.Close(ctx)
			errs <- got
		})
		b.write(delivery(frame.Version12))
		for name, err := range <-errs {
			if !errors.Is(err, conn.ErrWouldBlock) {
				t.Errorf("%s in a handler: %v", name, err)
			}
		}
		if text := b.read(); !strings.HasPrefix(text, "BEGIN\n") {
			t.Errorf("got %q", text)
		}
		if text := b.read(); !strings.HasPrefix(text, "SEND\ndestination:/queue/b\nreceipt:") {
			t.Errorf("got %q", text)
		}
	})
}

// A call that was refused in a handler can be made later, elsewhere.
func TestHandlerRefusalChangesNothing(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	kept := make(chan *conn.Subscription, 1)
	b.subscribe(c, frame.AckAuto, func(ctx context.Context, m *conn.Message) {
		_ = m.Subscription().Unsubscribe(ctx)
		_ = c.Disconnect(ctx)
		kept <- m.Subscription()
	})
	b.write(delivery(frame.Version12))
	s := <-kept
	b.write(delivery(frame.Version12))
	<-kept // else an Unsubscribe that was refused has ended the subscription
	p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), nil); err != nil {
		t.Errorf("after a Disconnect that was refused: %v", err)
	}
	b.read()
	result := async(func() error { return s.Unsubscribe(t.Context()) })
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		t.Error(err)
	}
}

// While the broker does not read, Send in a handler refuses and Ack goes on, up to the hard limit.
func TestHandlerOutboxFull(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		const high, hard = 4 << 10, 64 << 10
		c, b := session(t, tr, frame.Version12, conn.Config{Link: link.Options{HighWater: high, HardLimit: hard}})
		done := make(chan error, 1)
		b.subscribe(c, frame.AckClient, func(ctx context.Context, m *conn.Message) {
			var err error
			for err == nil {
				err = c.Send(ctx, "/queue/b", make([]byte, 1000))
			}
			if !errors.Is(err, conn.ErrWouldBlock) {
				t.Errorf("Send with a full outbox: %v", err)
			}
			if err := m.Ack(); err != nil {
				t.Errorf("Ack with a full outbox: %v", err)
			}
			for err = nil; err == nil; {
				err = m.Ack()
			}
			done <- err
		})
		b.write(delivery(frame.Version12))
		if err := b.await(done); !errors.Is(err, link.ErrOutboxFull) {
			t.Errorf("Ack at the hard limit: %v", err)
		}
		if queued := c.Stats().Queued; queued > hard+1000 {
			t.Errorf("%d bytes are queued", queued)
		}
		go func() { _, _ = io.Copy(io.Discard, b.nc) }()
	})
}

// A handler's context obeys context.Context: Canceled, and why in context.Cause.
func TestHandlerContextEndsWithTheConnection(t *testing.T) {
	for name, end := range map[string]func(c *conn.Client, b *fakeBroker){
		"Close": func(c *conn.Client, b *fakeBroker) { _ = c.Close() },
		"the broker closes": func(c *conn.Client, b *fakeBroker) { // which shows when something is written
			_ = b.nc.Close()
			_ = c.Send(context.Background(), "/queue/a", nil)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, b := session(t, inBubble, frame.Version12, conn.Config{})
			running, ended := make(chan error, 1), make(chan error, 2)
			b.subscribe(c, frame.AckAuto, func(ctx context.Context, _ *conn.Message) {
				running <- ctx.Err()
				<-ctx.Done()
				ended <- ctx.Err()
				ended <- context.Cause(ctx)
			})
			b.write(delivery(frame.Version12))
			if err := b.await(running); err != nil {
				t.Error(err)
			}
			end(c, b)
			if err := b.await(ended); err != context.Canceled {
				t.Errorf("%s: %v", name, err)
			}
			if err := b.await(ended); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: cause %v", name, err)
			}
		})
	}
}

// Contexts that are derived from a handler's start no goroutine each.
func TestHandlerContextStartsNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		result := make(chan int, 1)
		b.subscribe(c, frame.AckAuto, func(ctx context.Context, _ *conn.Message) {
			synctest.Wait() // whatever connecting has left
			before := inThisBubble(t)
			for range 100 {
				derived, cancel := context.WithCancel(ctx)
				defer cancel()
				derived, cancel = context.WithTimeout(derived, time.Hour)
				defer cancel()
				_ = context.WithoutCancel(derived)
			}
			synctest.Wait()
			result <- inThisBubble(t) - before
		})
		b.write(delivery(frame.Version12))
		if n := <-result; n != 0 {
			t.Errorf("%d goroutines", n)
		}
	})
}

// inThisBubble counts goroutines in bubbles: there is only one bubble at a time.
func inThisBubble(t *testing.T) int {
	var text strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&text, 2); err != nil {
		t.Fatal(err)
	}
	return strings.Count(text.String(), "synctest bubble")
}

// A borrowed message is good while its handler runs, a retained one until it is released.
func TestMessageContent(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		got := make(chan *conn.Message, 1)
		b.subscribe(c, frame.AckAuto, func(_ context.Context, m *conn.Message) { got <- m.Retain() })
		b.write("MESSAGE\nsubscription:1\nmessage-id:m\\c1\ndestination:/queue/a\nredelivered:true\nk:first\nk:second\ncontent-length:3\n\n^@b^@^@\n")
		m := <-got
		b.write("MESSAGE\nsubscription:1\nmessage-id:xxxx\ndestination:/xxxxx/x\nredelivered:xxxx\nk:xxxxx\nk:xxxxxx\ncontent-length:3\n\nxxx^@\n")
		other := <-got
		again := m.Retain() // one reference more
		m.Release()
		if string(again.Body) != "\x00b\x00" || again.Header.Text("message-id") != "m:1" || string(again.Destination()) != "/queue/a" ||
			!again.Redelivered() || string(again.Header.Get("k")) != "first" || again.Subscription().ID() != "1" {
			t.Errorf("message %v, body %q", again.Header.Fields(), again.Body)
		}
		if other.Redelivered() {
			t.Error("redelivered")
		}
		again.Release()
		other.Release()
	})
}
