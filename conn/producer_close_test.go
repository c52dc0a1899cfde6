package conn_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func refusedByClose(err error) bool {
	return errors.Is(err, conn.ErrProducerClosed) && errors.Is(err, net.ErrClosed) && errors.Is(err, conn.ErrDisconnecting)
}

// Close refuses what is new, also of those who wait for room, and returns when what was sent before has its outcomes; the
// connection and its other producers go on.
func TestProducerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		var outcomes []conn.Outcome
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 2, OnOutcome: func(o conn.Outcome) { outcomes = append(outcomes, o) }})
		plain := producer(t, c, conn.ProducerConfig{Destination: "/queue/b"})
		other := producer(t, c, conn.ProducerConfig{Destination: "/queue/c", Window: 2})
		for range 2 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		waits := make(chan error, 3)
		for range cap(waits) {
			go func() {
				_, err := p.Send(context.Background(), nil)
				waits <- err
			}()
		}
		synctest.Wait()
		closed := async(func() error { return p.Close(context.Background()) })
		synctest.Wait()
		if len(closed) != 0 || len(waits) != cap(waits) {
			t.Error("Close does not wait, or lets others wait for room")
		}
		b.receipt("~0-1")
		b.receipt("~0-2")
		if err := b.await(closed); err != nil || status(outcomes) != "1 confirmed 2 confirmed " {
			t.Errorf("%v, %s", err, status(outcomes))
		}
		for range cap(waits) {
			if err := b.await(waits); !refusedByClose(err) {
				t.Errorf("who waited for room: %v", err)
			}
		}
		if _, err := p.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("Send after Close: %v", err)
		}
		for range 2 { // once more, and of one without a window
			if err := errors.Join(p.Close(t.Context()), plain.Close(t.Context()), p.Flush(t.Context())); err != nil {
				t.Error(err)
			}
		}
		if _, err := plain.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("Send after Close, without a window: %v", err)
		}
		if _, err := other.Send(t.Context(), nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/c\nreceipt:~1-1\n\n^@")
		b.receipt("~1-1")
		if err := other.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What has no outcome when the context ends is reported as unknown, once: a receipt that comes late says nothing.
func TestProducerCloseInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		var outcomes []conn.Outcome
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 5, OnOutcome: func(o conn.Outcome) { outcomes = append(outcomes, o) }})
		for range 2 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		b.receipt("~0-2")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); err != ctx.Err() {
			t.Error(err)
		}
		b.receipt("~0-1")
		flush(t, c, b)
		if status(outcomes) != "2 confirmed 1 unknown " || !errors.Is(outcomes[1].Err, conn.ErrProducerClosed) || !errors.Is(outcomes[1].Err, conn.ErrUnknownOutcome) {
			t.Errorf("%+v", outcomes)
		}
		if s := p.Stats(); s != (conn.ProducerStats{Sent: 2, Confirmed: 1, Unknown: 1}) {
			t.Errorf("%+v", s)
		}
	})
}

// In a handler, where Close could not wait, it changes nothing; of a client's producer neither.
func TestProducerCloseInAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{OneConnection: true, Conn: conn.Config{}})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{})
		errs := make(chan error, 2)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
			errs <- p.Close(ctx)
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "x"))
		if err := <-errs; err != conn.ErrWouldBlock {
			t.Error(err)
		}
		sendAll(t, p, "1")
		if err := p.Close(t.Context()); err != nil || seen.String() != "1 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}

		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		own := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: 1})
		b.subscribe(c, frame.AckAuto, func(ctx context.Context, _ *conn.Message) { errs <- own.Close(ctx) })
		b.write(message("1", "m1", "x"))
		if err := <-errs; err != conn.ErrWouldBlock {
			t.Error(err)
		}
		if _, err := own.Send(t.Context(), nil); err != nil {
			t.Error(err)
		}
		_ = c.Close()
		if err := own.Close(t.Context()); err != nil { // the end of the connection was the outcome
			t.Error(err)
		}
	})
}

// A client's producer that is being closed takes nothing new, and what it has sent is sent again on the next connection.
func TestClientProducerCloseOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
		sendAll(t, p, "1", "2")
		closed := async(func() error { return p.Close(t.Context()) })
		synctest.Wait()
		if _, err := p.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("Send during Close: %v", err)
		}
		s.set(func(s *fakeServer) { s.answer, s.refuse = nil, -1 })
		s.cut()
		synctest.Wait()
		if _, err := p.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("Send during Close, without a connection: %v", err)
		}
		s.set(func(s *fakeServer) { s.refuse = 0 })
		if err := <-closed; err != nil || seen.String() != "1 confirmed, 2 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}
	})
}

// Who makes a producer for each piece of work and closes it does not fill the connection with them.
func TestClosedProducerIsForgottenByItsConnection(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	var closed []weak.Pointer[conn.Producer]
	for range 10 {
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10, ReceiptEvery: 5, AssumeCumulative: true})
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		b.receipt(header(b.read(), "receipt"))
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		closed = append(closed, weak.Make(p))
	}
	waitUntil(t, func() bool {
		runtime.GC()
		for _, p := range closed {
			if p.Value() != nil {
				return false
			}
		}
		return true
	})
	if err := c.Err(); err != nil {
		t.Error(err)
	}
}
