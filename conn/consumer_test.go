package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// consume returns a consumer on subscription 1 of a session, and the broker's end.
func consume(t *testing.T, opts conn.SubscribeOptions) (*conn.Subscription, *conn.Client, *fakeServer) {
	t.Helper()
	s := &fakeServer{t: t, connect: "CONNECTED\nversion:1.2\nheart-beat:0,1000\n\n^@"}
	c := s.connected(conn.Config{OneConnection: true, HeartBeat: frame.HeartBeat{Send: time.Second, Receive: -1}})
	co, err := c.Consume(t.Context(), "/queue/a", opts)
	if err != nil {
		t.Fatal(err)
	}
	return co, c, s
}

func TestConsumerNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, c, s := consume(t, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		for i := range 5 {
			s.latest().say(message("1", fmt.Sprint("m", i), fmt.Sprint("body ", i)))
		}
		var kept []*conn.Message
		for i := range 5 {
			m, err := co.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if string(m.Body) != fmt.Sprint("body ", i) || string(m.Header.Get("message-id")) != fmt.Sprint("m", i) || string(m.Destination()) != "/queue/a" {
				t.Errorf("message %d: %s %q", i, m.Header.Get("message-id"), m.Body)
			}
			kept = append(kept, m.Retain())
			m.Release()
		}
		for _, m := range kept {
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
			m.Release()
		}
		synctest.Wait()
		if acks := s.frames("ACK"); len(acks) != 5 || header(acks[4], "id") != "m4" {
			t.Errorf("acknowledged %q", acks)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if m, err := co.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("message %v, error %v", m, err)
		}
		waiting := async(func() error { _, err := co.Next(t.Context()); return err })
		synctest.Wait()
		_ = c.Close()
		if err := <-waiting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if err := co.Unsubscribe(t.Context()); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := co.Next(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Next after the end: %v", err)
		}
	})
}

func TestConsumerAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, _, s := consume(t, conn.SubscribeOptions{})
		for i := range 4 {
			s.latest().say(message("1", fmt.Sprint("m", i), fmt.Sprint(i)))
		}
		var got []string
		for m, err := range co.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, string(m.Body)); len(got) == 2 {
				break
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var last error
		for m, err := range co.All(ctx) {
			if last = err; err == nil {
				got = append(got, string(m.Body))
			}
		}
		if want := []string{"0", "1", "2", "3"}; !slices.Equal(got, want) || !errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("got %q, then %v", got, last)
		}
		if err := co.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
		if len(s.frames("UNSUBSCRIBE")) != 1 {
			t.Error("Unsubscribe did not unsubscribe")
		}
	})
}

// At its bound a consumer stops the reading, while acknowledgements and heart-beats go out, and nothing is lost.
func TestConsumerBackPressure(t *testing.T) {
	for name, opts := range map[string]conn.SubscribeOptions{
		"messages": {MaxMessages: 10, MaxBytes: 1 << 30},
		"bytes":    {MaxMessages: 1 << 20, MaxBytes: 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts.Ack = frame.AckClientIndividual
				co, c, s := consume(t, opts)
				const total = 100
				written := make(chan int, total)
				b := s.latest()
				go func() {
					for i := range total {
						b.say(message("1", fmt.Sprint("m", i), strings.Repeat("x", 1000)))
						written <- i
					}
				}()
				time.Sleep(time.Minute)
				if beats := c.Stats().BeatsOut; beats < 100 {
					t.Errorf("%d heart-beats in a minute", beats)
				}
				if n := len(written); n > 12 {
					t.Errorf("%d messages were read over the bound", n)
				}
				first, err := co.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := first.Ack(); err != nil {
					t.Error(err)
				}
				first.Release()
				synctest.Wait()
				if len(s.frames("ACK")) != 1 || c.Err() != nil {
					t.Errorf("nothing is written while the reading stands still: %v", c.Err())
				}
				for i := 1; i < total; i++ {
					m, err := co.Next(t.Context())
					if err != nil || string(m.Header.Get("message-id")) != fmt.Sprint("m", i) {
						t.Fatalf("message %d: %v", i, err)
					}
					m.Release()
				}
				if n := co.Dropped(); n != 0 {
					t.Errorf("%d dropped", n)
				}
			})
		})
	}
}

func TestConsumerDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, _, s := consume(t, conn.SubscribeOptions{MaxMessages: 3, DropOverflow: true})
		for i := range 10 {
			s.latest().say(message("1", fmt.Sprint("m", i), "x"))
		}
		synctest.Wait()
		if n := co.Dropped(); n != 7 {
			t.Errorf("%d dropped", n)
		}
		for i := range 3 {
			m, err := co.Next(t.Context())
			if err != nil || string(m.Header.Get("message-id")) != fmt.Sprint("m", i) {
				t.Fatalf("message %d: %v", i, err)
			}
			m.Release()
		}
		_ = co.Unsubscribe(t.Context())
	})
}

// drain takes what waits for Next, and returns the ids and the error behind it.
func drain(co *conn.Subscription) (ids []string, err error) {
	for {
		m, err := co.Next(context.Background())
		if err != nil {
			return ids, err
		}
		ids = append(ids, string(m.Header.Get("message-id")))
		m.Release()
	}
}

// Disconnect does not wait for a consumer that does not consume. In mode auto Next has what had come even then.
func TestConsumerDoesNotHinderDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, c, s := consume(t, conn.SubscribeOptions{MaxMessages: 3})
		b := s.latest()
		go func() {
			for i := range 10 {
				b.say(message("1", fmt.Sprint("m", i), "x"))
			}
		}()
		time.Sleep(time.Minute)
		begin := time.Now()
		if err := c.Disconnect(t.Context()); err != nil || time.Since(begin) != 0 {
			t.Errorf("error %v after %v", err, time.Since(begin))
		}
		_ = co.Unsubscribe(t.Context())
		if ids, err := drain(co); !slices.Equal(ids, []string{"m0", "m1", "m2"}) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%q had come, and then %v", ids, err)
		}
	})
}

// What waited for an acknowledgement that has become impossible is not handed out: the broker delivers it again.
func TestConsumerOverReconnects(t *testing.T) {
	for _, c := range []struct {
		mode frame.AckMode
		want []string
	}{
		{frame.AckAuto, []string{"m1", "m2", "m3", "m4", "n1", "n2"}},
		{frame.AckClientIndividual, []string{"m1", "n1", "n2"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			cl := s.connected(conn.Config{OneConnection: true})
			co, err := cl.Consume(t.Context(), "/queue/a", conn.SubscribeOptions{MaxMessages: 4, Ack: c.mode})
			if err != nil {
				t.Fatal(err)
			}
			say := func(ids ...string) {
				for _, id := range ids {
					s.latest().say(message("1", id, "x"))
				}
			}
			say("m1", "m2", "m3", "m4") // that is full
			m, err := co.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := []string{string(m.Header.Get("message-id"))}
			m.Release()
			s.cut()
			_ = cl.Send(t.Context(), "/queue/b", nil) // notices the cut, as nothing reads
			time.Sleep(10 * time.Second)
			go say("n1", "n2")
			for range len(c.want) - 1 {
				m, err := co.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(m.Header.Get("message-id")))
				m.Release()
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v: got %q, want %q", c.mode, got, c.want)
			}
			_ = co.Unsubscribe(t.Context())
		})
	}
}

func TestPanicIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		caught := make(chan error, 10)
		cl := s.connected(conn.Config{OneConnection: true, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventPanic {
				caught <- e.Err
			}
		}})
		mine := errors.New("mine")
		handled := make(chan string, 10)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			if string(m.Body) == "bad" {
				panic(mine)
			}
			handled <- string(m.Body)
		}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "bad") + message("1", "m2", "good"))
		if got := <-handled; got != "good" {
			t.Errorf("handled %q", got)
		}
		var got *conn.PanicError
		if err := <-caught; !errors.As(err, &got) || !errors.Is(got, mine) || !strings.Contains(got.Error(), `"m1"`) ||
			!strings.Contains(got.Error(), `"/queue/a"`) || !strings.Contains(string(got.Stack), "TestPanic") {
			t.Errorf("told %v", err)
		}
		if len(s.frames("ACK")) != 0 || !cl.Connected() {
			t.Errorf("acknowledged, or not connected")
		}
	})
}

// A queue that is full holds back its own connection only, and a second consumer on it waits with it.
func TestConsumersShareBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, c, s := consume(t, conn.SubscribeOptions{MaxMessages: 2})
		other, err := c.Consume(t.Context(), "/queue/b", conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b := s.latest()
		go func() {
			for i := range 5 {
				b.say(message("1", fmt.Sprint("m", i), "x"))
			}
			b.say(message("2", "other", "x"))
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if m, err := other.Next(ctx); err == nil {
			t.Errorf("got %q", m.Body)
		}
		for range 5 {
			m, err := full.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m.Release()
		}
		m, err := other.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m.Release()
	})
}

// Unsubscribe of a consumer whose queue is full lets the connection be read again.
func TestUnsubscribeOfAFullConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, c, s := consume(t, conn.SubscribeOptions{MaxMessages: 2, Ack: frame.AckClientIndividual})
		b := s.latest()
		go func() {
			for i := range 10 {
				b.say(message("1", fmt.Sprint("m", i), "x"))
			}
		}()
		time.Sleep(time.Minute)
		if err := full.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
		if err := c.SendReceipt(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		if _, err := full.Next(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// Next is refused in a handler of the same client, which would wait for itself, and without a queue.
func TestNextRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, c, s := consume(t, conn.SubscribeOptions{})
		result := make(chan error, 1)
		sub, err := c.Subscribe(t.Context(), "/queue/b", func(ctx context.Context, m *conn.Message) {
			_, err := co.Next(ctx)
			result <- err
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("2", "1", "x"))
		if err := <-result; !errors.Is(err, conn.ErrWouldBlock) {
			t.Error(err)
		}
		if _, err := sub.Next(t.Context()); !errors.Is(err, conn.ErrOption) {
			t.Error(err)
		}
	})
}

// A loop over messages that ends by a panic gives its message back: TestMain counts them.
func TestConsumerAllWithAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		co, _, s := consume(t, conn.SubscribeOptions{})
		s.latest().say(message("1", "m1", "x"))
		func() {
			defer func() { _ = recover() }()
			for range co.All(t.Context()) {
				panic("the body's")
			}
		}()
		if err := co.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
