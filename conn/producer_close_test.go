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

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Close refuses new messages, and those of senders that wait for a place in the window. It returns
// when all sent messages have their outcomes. The client and its other producers go on.
func TestProducerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, seen := newProducer(t, c, conn.ProducerConfig{Window: 2})
		plain := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: -1})
		other := producer(t, c, conn.ProducerConfig{Destination: "/queue/c", Window: 2})
		for range 2 {
			sendAll(t, p, "")
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
		b.receipt("~1-1")
		b.receipt("~1-2")
		if err := b.await(closed); err != nil || seen.String() != "1 confirmed, 2 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}
		for range cap(waits) {
			if err := b.await(waits); !refusedByClose(err) {
				t.Errorf("a sender that waited for a place: %v", err)
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
		sendAll(t, other, "")
		b.expect("SEND\ndestination:/queue/c\nreceipt:~2-1\n\n^@")
		b.receipt("~2-1")
		if err := other.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What has no outcome when the context ends is reported as unknown, once: a receipt that comes late says nothing.
func TestProducerCloseInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, seen := newProducer(t, c, conn.ProducerConfig{Window: 5})
		for range 2 {
			sendAll(t, p, "")
			b.read()
		}
		b.receipt("~1-2")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		b.receipt("~1-1")
		flush(t, c, b)
		if seen.String() != "2 confirmed, 1 unknown" || !errors.Is(seen.of(1).Err, net.ErrClosed) || !errors.Is(seen.of(1).Err, conn.ErrUnknownOutcome) {
			t.Errorf("%s, %v", seen, seen.of(1).Err)
		}
		if s := p.Stats(); s != (conn.ProducerStats{Confirmed: 1, Unknown: 1}) {
			t.Errorf("%+v", s)
		}
	})
}

// In a handler, where Close and Flush could not wait, they change nothing.
func TestProducerCloseInAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{})
		errs := make(chan error, 2)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
			errs <- p.Close(ctx)
			errs <- p.Flush(ctx)
		}, conn.SubscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "x"))
		for range 2 {
			if err := <-errs; err != conn.ErrWouldBlock {
				t.Error(err)
			}
		}
		sendAll(t, p, "1")
		if err := p.Close(t.Context()); err != nil || seen.String() != "1 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}
	})
}

// A producer that is being closed takes nothing new, and what it has sent is sent again on the next connection.
func TestClientProducerCloseOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
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

// A Send that waits, for whatever, returns as soon as its producer is closed, and not when Close is done.
func TestCloseEndsSendsThatWait(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  conn.ProducerConfig
		sent int // before a Send has to wait
		make func(t *testing.T, s *fakeServer, cfg conn.ProducerConfig) *conn.Producer
	}{
		"for a connection that there never was": {
			make: func(t *testing.T, s *fakeServer, cfg conn.ProducerConfig) *conn.Producer {
				s.refuse = -1
				return producer(t, s.client(conn.Config{Attempts: -1}), cfg)
			}},
		"for a connection, without receipts": {
			cfg: conn.ProducerConfig{Window: -1},
			make: func(t *testing.T, s *fakeServer, cfg conn.ProducerConfig) *conn.Producer {
				s.refuse = -1
				return producer(t, s.client(conn.Config{Attempts: -1}), cfg)
			}},
		"for a connection, with one outstanding": {
			cfg: conn.ProducerConfig{Redeliver: true}, sent: 1,
			make: func(t *testing.T, s *fakeServer, cfg conn.ProducerConfig) *conn.Producer {
				cl := s.connected(conn.Config{Backoff: conn.Backoff{Initial: time.Hour, Max: time.Hour}})
				s.set(func(s *fakeServer) { s.answer = never })
				p := producer(t, cl, cfg)
				sendAll(t, p, "x")
				s.set(func(s *fakeServer) { s.refuse = -1 })
				s.cut()
				synctest.Wait()
				return p
			}},
		"for room": {
			cfg: conn.ProducerConfig{Window: 1, Timeout: time.Hour}, sent: 1,
			make: func(t *testing.T, s *fakeServer, cfg conn.ProducerConfig) *conn.Producer {
				cl := s.connected(conn.Config{})
				s.set(func(s *fakeServer) { s.answer = never })
				p := producer(t, cl, cfg)
				sendAll(t, p, "x")
				return p
			}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t}
				c.cfg.Destination = "/queue/a"
				p := c.make(t, s, c.cfg)
				waits := []<-chan error{}
				for range 3 {
					waits = append(waits, async(func() error { _, err := p.Send(t.Context(), []byte("y")); return err }))
				}
				synctest.Wait()
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				closed := async(func() error { return p.Close(ctx) })
				for _, result := range waits {
					if err := <-result; !refusedByClose(err) {
						t.Errorf("error %v", err)
					}
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("Send waited for another %v", took)
				}
				if err := <-closed; (err != nil) != (c.sent > 0) {
					t.Errorf("Close: %v", err)
				}
				if took := time.Since(began); (took > 0) != (c.sent > 0) {
					t.Errorf("Close waited for %v", took)
				}
			})
		})
	}
}

// A service that makes a producer for each piece of work and closes it does not fill the client with them.
func TestClosedProducerIsForgotten(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cl, err := conn.Dial(t.Context(), srv.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cl.Close()
		<-cl.Done()
	}()
	lasting, _ := newProducer(t, cl, conn.ProducerConfig{})
	var closed []weak.Pointer[conn.Producer]
	for range 10 {
		p, seen := newProducer(t, cl, conn.ProducerConfig{ReceiptEvery: 5})
		sendAll(t, p, "1", "2")
		if err := p.Close(t.Context()); err != nil || seen.String() != "1 confirmed, 2 confirmed" {
			t.Fatalf("%v, %s", err, seen)
		}
		closed = append(closed, weak.Make(p))
	}
	later, seen := newProducer(t, cl, conn.ProducerConfig{})
	for _, p := range []*conn.Producer{lasting, later} {
		sendAll(t, p, "still")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if seen.String() != "1 confirmed" {
		t.Errorf("outcomes %s", seen)
	}
	collected := func() bool {
		runtime.GC()
		for _, p := range closed {
			if p.Value() != nil {
				return false
			}
		}
		return true
	}
	for try := 0; !collected(); try++ {
		if try == 1000 {
			t.Fatal("a closed producer stays in memory")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Close whose context ends returns that, and what has become of the sends.
func TestProducerCloseGivenUpSaysWhatIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		p, seen := newProducer(t, c, conn.ProducerConfig{})
		for range 2 {
			sendAll(t, p, "x")
			b.read()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		notConfirmed(t, err, 0, 2, 0)
		if seen.String() != "1 unknown, 2 unknown" {
			t.Error(seen)
		}
	})
}
