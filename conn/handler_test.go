package conn_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// On the reading goroutine nothing waits for what only that goroutine could read.
func TestHandlerNeverWaits(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: 1})
		errs := make(chan map[string]error, 1)
		b.subscribe(c, frame.AckAuto, func(ctx context.Context, m *conn.Message) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour) // a child is still the handler's
			defer cancel()
			got := make(map[string]error)
			got["SendReceipt"] = c.SendReceipt(ctx, "/queue/b", nil)
			_, got["Subscribe"] = c.Subscribe(ctx, "/queue/b", nil, conn.SubscribeOptions{})
			got["Unsubscribe"] = m.Subscription().Unsubscribe(ctx)
			got["Disconnect"] = c.Disconnect(ctx)
			tx, err := c.Begin(ctx, "")
			if err != nil {
				t.Error(err)
				return
			}
			got["Commit"] = tx.Commit(ctx)
			if _, err := p.Send(ctx, nil); err != nil {
				t.Error(err)
			}
			_, got["Producer.Send"] = p.Send(ctx, nil)
			got["Producer.Flush"] = p.Flush(ctx)
			errs <- got
		})
		b.write(delivery(frame.Version12))
		for name, err := range <-errs {
			if !errors.Is(err, conn.ErrWouldBlock) {
				t.Errorf("%s in a handler: %v", name, err)
			}
		}
		b.expect("BEGIN\ntransaction:t1\n\n^@")
		b.expect("SEND\ndestination:/queue/b\nreceipt:~0-1\n\n^@")
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
	select {
	case <-kept:
	case <-time.After(b.patience):
		t.Fatal("an Unsubscribe that was refused has ended the subscription")
	}
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/b"})
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

func TestHandlerContextEndsWithTheConnection(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	running, ended := make(chan error, 1), make(chan error, 1)
	b.subscribe(c, frame.AckAuto, func(ctx context.Context, _ *conn.Message) {
		running <- ctx.Err()
		<-ctx.Done()
		ended <- ctx.Err()
	})
	b.write(delivery(frame.Version12))
	if err := b.await(running); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	if err := b.await(ended); err == nil {
		t.Error("no error")
	}
}

// A borrowed message is good while its handler runs, a clone as long as you like.
func TestMessageContent(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		got := make(chan *conn.Message, 1)
		b.subscribe(c, frame.AckAuto, func(_ context.Context, m *conn.Message) { got <- m.Clone() })
		b.write("MESSAGE\nsubscription:1\nmessage-id:m\\c1\ndestination:/queue/a\nredelivered:true\nk:first\nk:second\ncontent-length:3\n\n^@b^@^@\n")
		m := <-got
		b.write("MESSAGE\nsubscription:1\nmessage-id:xxxx\ndestination:/xxxxx/x\nredelivered:xxxx\nk:xxxxx\nk:xxxxxx\ncontent-length:3\n\nxxx^@\n")
		other := <-got
		if string(m.Body) != "\x00b\x00" || string(m.ID()) != "m:1" || string(m.Destination()) != "/queue/a" ||
			!m.Redelivered() || string(m.Header.Get("k")) != "first" || m.Subscription().ID() != "1" {
			t.Errorf("message %v, body %q", m.Header.Fields(), m.Body)
		}
		if other.Redelivered() {
			t.Error("redelivered")
		}
	})
}
