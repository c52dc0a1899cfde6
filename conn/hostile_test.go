package conn_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// What the client sets itself is refused where it would win, or lose unheard; nothing is sent, and the session is as good
// as before.
func TestReservedHeaders(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	ctx := t.Context()
	tx, err := c.Begin(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	b.read()
	p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 1})
	h := func(name string) frame.Field { return frame.Field{Name: name, Value: "x"} }
	ok := h("x")
	type call func(name string) error
	subscribe := func(name string) error {
		_, err := c.Subscribe(ctx, "/queue/a", nil, conn.SubscribeOptions{Headers: []frame.Field{ok, h(name)}})
		return err
	}
	refused := map[string]struct {
		call
		names []string
	}{
		"SendReceipt":      {func(name string) error { return c.SendReceipt(ctx, "/queue/a", nil, ok, h(name)) }, []string{"receipt"}},
		"Subscribe":        {subscribe, []string{"receipt", "id", "destination", "ack"}},
		"Tx.Send":          {func(name string) error { return tx.Send(ctx, "/queue/a", nil, ok, h(name)) }, []string{"transaction"}},
		"Tx.SendConfirmed": {func(name string) error { return tx.SendConfirmed(ctx, "/queue/a", nil, ok, h(name)) }, []string{"receipt", "transaction"}},
		"Producer.Send": {func(name string) error { _, err := p.Send(ctx, nil, ok, h(name)); return err },
			[]string{"receipt", "transaction", "content-length", "destination"}},
		"NewProducer": {func(name string) error {
			_, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a", Headers: []frame.Field{ok, h(name)}})
			return err
		}, []string{"receipt", "transaction", "content-length", "destination"}},
	}
	for what, c := range refused {
		for _, name := range c.names {
			var bad *writer.HeaderError
			if err := c.call(name); !errors.As(err, &bad) || !errors.Is(err, conn.ErrReservedHeader) || !errors.Is(err, writer.ErrRefused) ||
				bad.Name != name || bad.Index != 1 {
				t.Errorf("%s with %s: %v", what, name, err)
			}
		}
	}
	if _, err := c.Subscribe(ctx, "/queue/a", nil, conn.SubscribeOptions{Ack: 7}); err == nil {
		t.Error("there is no ack mode 7")
	}
	if err := c.Send(ctx, "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}

// As long as there is: it does not wrap around to the past.
func TestTimeoutForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{OneConnection: true})
		s.set(func(s *fakeServer) { s.answer = func(string) bool { return false } })
		outcomes := make(chan conn.Outcome, 10)
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Timeout: math.MaxInt64,
			OnOutcome: func(o conn.Outcome) { outcomes <- o }})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := p.SendBy(t.Context(), time.Unix(1<<40, 0), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := p.SendBy(t.Context(), time.Now().Add(time.Minute), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if o := <-outcomes; o.Seq != 3 || len(outcomes) != 0 {
			t.Errorf("%+v, and %d more", o, len(outcomes))
		}
	})
}

// A timeout that is too short to be kept, such as one whose unit was forgotten, does not keep a processor busy.
func TestTimeoutWithoutAUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		var outcomes []conn.Outcome
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 5, Timeout: 3,
			OnOutcome: func(o conn.Outcome) { outcomes = append(outcomes, o) }})
		if _, err := p.Send(t.Context(), nil); err != nil { // time passes only when nobody has anything to do
			t.Fatal(err)
		}
		b.read()
		time.Sleep(time.Second)
		synctest.Wait()
		if status(outcomes) != "1 unknown " {
			t.Errorf("%+v", outcomes)
		}
	})
}

// A length that no frame can have is refused like any that is too much.
func TestSendFromWithoutEnd(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: 100_000})
	for _, length := range []int64{math.MaxInt64, math.MaxInt64 - 10, -1} {
		err := c.SendFrom(t.Context(), "/queue/a", bytes.NewReader(make([]byte, 200_000)), length)
		if !errors.Is(err, writer.ErrRefused) || c.Err() != nil {
			t.Fatalf("%d: %v, %v", length, err, c.Err())
		}
	}
	if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\n\n^@")
}

// A handler's context has ended with its connection. That says nothing of the other one.
func TestSendWithTheContextOfALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		lost := make(chan context.Context, 1)
		if _, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) { lost <- ctx }, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		consumer := s.latest()
		consumer.say(message("1", "1", "x"))
		ctx := <-lost
		_ = consumer.nc.Close()
		<-ctx.Done()
		synctest.Wait()
		_, sent := p.Send(ctx, nil)
		for what, err := range map[string]error{"Producer.Send": sent, "Send": cl.Send(ctx, "/queue/a", nil)} {
			if !errors.Is(err, net.ErrClosed) || errors.Is(err, conn.ErrNotConnected) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// Flush and Close return when OnOutcome has, of each send, also where outcomes come from two goroutines.
func TestFlushWaitsForOnOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		release := make(chan struct{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 5, Timeout: 4 * time.Second,
			OnOutcome: func(o conn.Outcome) {
				if o.Seq == 1 {
					<-release
				}
			}})
		for range 2 {
			if _, err := p.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			b.read()
		}
		b.receipt("~0-1")
		time.Sleep(time.Minute) // the other is given up
		flushed := async(func() error { return p.Flush(t.Context()) })
		synctest.Wait()
		if s := p.Stats(); len(flushed) != 0 || s != (conn.ProducerStats{Sent: 2, Confirmed: 1, Unknown: 1}) {
			t.Errorf("Flush has returned: %v; %+v", len(flushed) > 0, s)
		}
		close(release)
		if err := <-flushed; err != nil {
			t.Error(err)
		}
	})
}
