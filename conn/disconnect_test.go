package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// obey answers every receipt until the client has gone, and returns the frames that it read. After DISCONNECT it
// closes, as brokers do.
func (b *fakeBroker) obey() <-chan []string {
	result := make(chan []string, 1)
	go func() {
		var frames []string
		defer func() { result <- frames }()
		for {
			text, err := b.next()
			if err != nil {
				return
			}
			frames = append(frames, text)
			if id := header(text, "receipt"); id != "" {
				if _, err := io.WriteString(b.nc, "RECEIPT\nreceipt-id:"+id+"\n\n\x00"); err != nil {
					return
				}
			}
			if strings.HasPrefix(text, "DISCONNECT") {
				if more, err := b.next(); err == nil {
					b.t.Errorf("%q after DISCONNECT", more)
				}
				_ = b.nc.Close()
			}
		}
	}()
	return result
}

func TestDisconnect(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		cfg, ends := countEnds(conn.Config{DisconnectTimeout: tr.patience})
		c, b := session(t, tr, frame.Version12, cfg)
		const n = 1000
		read := b.obey()
		for range n {
			if err := c.Send(t.Context(), "/queue/a", []byte("body")); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if err := ends.wait(t, c); errors.Is(err, io.EOF) {
			t.Errorf("cause %v; we did it ourselves", err)
		}
		if frames := <-read; len(frames) != n+1 || frames[n] != "DISCONNECT\nreceipt:"+header(frames[n], "receipt")+"\n\n^@" {
			t.Errorf("broker read %d frames, the last %q", len(frames), frames[len(frames)-1])
		}
		if err := c.Disconnect(t.Context()); err != nil {
			t.Error("again:", err)
		}
	})
}

// A broker may answer DISCONNECT and close in the same moment. That is a good end, every time.
func TestDisconnectEndsWellHoweverTheBrokerCloses(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for _, answered := range []bool{true, false} {
			for range 20 {
				cfg, ends := countEnds(conn.Config{DisconnectTimeout: tr.patience})
				c, b := session(t, tr, frame.Version12, cfg)
				result := async(func() error { return c.Disconnect(t.Context()) })
				if receipt := header(b.read(), "receipt"); answered {
					b.receipt(receipt)
				}
				_ = b.nc.Close()
				if err := b.await(result); err != nil {
					t.Error(err)
				}
				if err := ends.wait(t, c); errors.Is(err, io.EOF) {
					t.Fatalf("answered %t: cause %v; we did it ourselves", answered, err)
				}
			}
		}
	})
}

// Two Disconnects at once are one: neither spoils the other's good order.
func TestDisconnectTwiceAtOnce(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for range 10 {
			c, b := session(t, tr, frame.Version12, conn.Config{DisconnectTimeout: tr.patience})
			const n = 200
			for range n {
				if err := c.Send(t.Context(), "/queue/a", make([]byte, 500)); err != nil {
					t.Fatal(err)
				}
			}
			first := async(func() error { return c.Disconnect(context.Background()) })
			second := async(func() error { return c.Disconnect(context.Background()) })
			read := b.obey()
			if err1, err2 := b.await(first), b.await(second); err1 != nil || err2 != nil {
				t.Error(err1, err2)
			}
			if frames := <-read; len(frames) != n+1 {
				t.Fatalf("broker read %d frames of %d", len(frames), n+1)
			}
		}
	})
}

// "Clients MUST NOT send any more frames after the DISCONNECT frame is sent", while many try.
func TestDisconnectDuringSends(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		for range 3 {
			// Were the senders to starve Disconnect, it would end by this.
			c, b := session(t, tr, frame.Version12, conn.Config{DisconnectTimeout: tr.patience, ReceiptTimeout: tr.patience})
			p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
			read := b.obey()
			large := []byte(strings.Repeat("x", 8<<10))
			sent := make([]int, 4)
			started := make(chan struct{}, len(sent))
			var all sync.WaitGroup
			for i := range sent {
				all.Go(func() {
					for {
						var err error
						if i%2 == 0 {
							_, err = p.Send(t.Context(), nil)
						} else {
							err = c.Send(t.Context(), "/queue/a", large) // few of these fill all buffers
						}
						if err != nil {
							return
						}
						if sent[i]++; sent[i] == 10 {
							started <- struct{}{}
						}
					}
				})
			}
			for range sent {
				<-started
			}
			err := c.Disconnect(t.Context())
			all.Wait()
			total := 1
			for _, n := range sent {
				total += n
			}
			if frames := <-read; len(frames) != total {
				t.Fatalf("%d frames were sent, broker read %d", total, len(frames))
			}
			if unconfirmed := got.len() - got.count(conn.Confirmed); err != nil || unconfirmed != 0 || got.len() != sent[0]+sent[2] {
				t.Fatalf("Disconnect: %v; %d outcomes, %d not confirmed", err, got.len(), unconfirmed)
			}
		}
	})
}

// A context with a deadline, longer or shorter, is what counts, and Config.DisconnectTimeout only without. That the broker
// does not answer DISCONNECT is no error.
func TestDisconnectUnanswered(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: time.Second, 20 * time.Second: 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
			ctx := t.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			start := time.Now()
			result := async(func() error { return c.Disconnect(ctx) })
			if text := b.read(); !strings.HasPrefix(text, "DISCONNECT\n") {
				t.Errorf("%q", text)
			}
			b.expectEnd()
			if err := <-result; err != nil || time.Since(start) != want {
				t.Errorf("with a timeout of %v: error %v after %v", timeout, err, time.Since(start))
			}
		})
	}
}

// A context that is cancelled ends Disconnect, and the client with it.
func TestDisconnectCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: time.Hour})
		p, got := newProducer(t, c, conn.ProducerConfig{})
		sendAll(t, p, "x")
		b.read()
		ctx, cancel := context.WithCancel(t.Context())
		result := async(func() error { return c.Disconnect(ctx) })
		synctest.Wait()
		cancel()
		notConfirmed(t, <-result, 0, 1, 0)
		<-c.Done()
		if got.String() != "1 unknown" {
			t.Error(got)
		}
	})
}

func TestDisconnectFromABrokerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		for range 100 {
			if err := c.Send(t.Context(), "/queue/a", make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := c.Disconnect(t.Context()); !errors.Is(err, conn.ErrNotSent) || !strings.Contains(err.Error(), "octets on connection \"shared\"") {
			t.Errorf("nothing was written: %v", err)
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("returned after %v", took)
		}
		<-c.Done()
	})
}

// Disconnect says how much of what was sent has not left, once the broker has stopped reading; DISCONNECT does not count.
func TestDisconnectSaysWhatHasNotLeft(t *testing.T) {
	const frames, frameSize = 10, 2028
	for name, test := range map[string]struct {
		read   int // SENDs that the broker reads
		cancel bool
	}{
		"nothing is read":     {},
		"a part is read":      {read: 7},
		"a cancelled context": {read: 5, cancel: true},
		"all is read":         {read: frames},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
				for range frames {
					if err := c.Send(t.Context(), "/queue/a", make([]byte, 1980)); err != nil {
						t.Fatal(err)
					}
					synctest.Wait() // the first is written alone
				}
				for range test.read {
					b.read()
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				result := async(func() error { return c.Disconnect(ctx) })
				synctest.Wait()
				if test.cancel {
					cancel()
				}
				err := <-result
				<-c.Done()
				if test.read == frames {
					if err != nil {
						t.Errorf("only DISCONNECT has not left: %v", err)
					}
					return
				}
				var said int
				if _, bad := fmt.Sscanf(fmt.Sprint(err), "stomp: not sent: up to %d octets on connection \"shared\"", &said); bad != nil || !errors.Is(err, conn.ErrNotSent) {
					t.Fatal(err)
				}
				// The test reads ahead. What is in the hands of the connection at the end may be counted as a whole.
				if left := frames - test.read; said < left*frameSize-b.r.Size() || said > frames*frameSize {
					t.Errorf("%v; %d frames of %d octets were not read", err, left, frameSize)
				}
			})
		})
	}
}

// Receipts that are owed are waited for, before DISCONNECT, and then given up. Disconnect says what was not confirmed.
func TestDisconnectWithReceiptsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		p, got := newProducer(t, c, conn.ProducerConfig{Window: 10})
		for range 2 {
			sendAll(t, p, "")
			b.read()
		}
		result := async(func() error { return c.Disconnect(t.Context()) })
		synctest.Wait()
		if _, err := p.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("sent while disconnecting: %v", err)
		}
		b.receipt("~1-2")
		err := <-result
		notConfirmed(t, err, 0, 1, 0)
		if !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
		if got.String() != "2 confirmed, 1 unknown" { // it returns after the last outcome
			t.Errorf("outcomes %v", got)
		}
	})
}

// What a Flush has reported is not reported by Disconnect.
func TestDisconnectReportsWhatNoFlushHas(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			c := s.connected(conn.Config{})
			s.set(func(s *fakeServer) {
				s.answer = func(text string) bool {
					if body(text) != "bad" {
						return true
					}
					b := s.sessions[len(s.sessions)-1]
					go b.say("ERROR\nmessage:no\nreceipt-id:" + header(text, "receipt") + "\n\n^@")
					return false
				}
			})
			p, _ := newProducer(t, c, conn.ProducerConfig{})
			sendAll(t, p, "good", "bad")
			synctest.Wait()
			if flushed {
				notConfirmed(t, p.Flush(t.Context()), 1, 0, 0)
			}
			err := c.Disconnect(t.Context())
			if !flushed {
				notConfirmed(t, err, 1, 0, 0)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Disconnect gets through although the outbox is so full that it takes nothing at all. A sender that waits for room goes out
// before DISCONNECT, or is refused.
func TestDisconnectWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/b"})
		m := delivered(t, c, b, frame.AckClient)
		sendAll(t, p, "")
		synctest.Wait() // the flusher has that, and waits for the broker
		for m.Ack() == nil {
		}
		late := async(func() error { return c.Send(context.Background(), "/queue/late", nil) })
		synctest.Wait()
		gone := async(func() error { return c.Disconnect(context.Background()) })
		synctest.Wait()
		read := b.obey()
		sent := b.await(late)
		if sent != nil && !refusedByClose(sent) {
			t.Error(sent)
		}
		if err := b.await(gone); err != nil {
			t.Error(err)
		}
		frames := <-read
		if got := slices.ContainsFunc(frames, func(text string) bool { return header(text, "destination") == "/queue/late" }); got != (sent == nil) {
			t.Errorf("Send says %v, and the broker has it: %t", sent, got)
		}
		if n := len(frames); n == 0 || !strings.HasPrefix(frames[n-1], "DISCONNECT") {
			t.Errorf("the broker got %q", frames)
		}
	})
}

// Disconnect starts no more handlers, waits for the one that runs, and lets it acknowledge and send; what AckEvery has
// gathered goes out, too. What was not handled is not acknowledged.
func TestDisconnectWaitsForTheHandler(t *testing.T) {
	for _, oneConnection := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			c := s.connected(conn.Config{OneConnection: oneConnection})
			running, release := make(chan struct{}, 10), make(chan struct{})
			_, err := c.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
				running <- struct{}{}
				if m.Header.Text("message-id") == "1" {
					if err := m.Ack(); err != nil {
						t.Error(err)
					}
					return
				}
				<-release
				if err := m.Ack(); err != nil {
					t.Errorf("Ack: %v", err)
				}
			}, conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 100})
			if err != nil {
				t.Fatal(err)
			}
			s.latest().say(message("1", "1", "") + message("1", "2", "") + message("1", "3", ""))
			<-running
			<-running
			gone := async(func() error { return c.Disconnect(t.Context()) })
			synctest.Wait()
			if len(gone) != 0 || len(s.frames("DISCONNECT")) != 0 {
				t.Error("Disconnect does not wait")
			}
			close(release)
			if err := <-gone; err != nil {
				t.Error(err)
			}
			var acked []string
			for _, text := range s.frames("ACK") {
				acked = append(acked, header(text, "id"))
			}
			if len(acked) == 0 || acked[len(acked)-1] != "2" || len(running) != 0 {
				t.Errorf("acknowledged %q, %d more were handled", acked, len(running))
			}
			if order := s.order(); oneConnection && !slices.Equal(order[1:], slices.Concat(slices.Repeat([]string{"ACK"}, len(acked)), []string{"DISCONNECT"})) {
				t.Errorf("%q", order)
			}
		})
	}
}

// A handler that hangs does not keep the client.
func TestDisconnectFromAHandlerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: 3 * time.Second})
		running, release := make(chan context.Context, 1), make(chan struct{})
		b.subscribe(c, frame.AckClient, func(ctx context.Context, _ *conn.Message) {
			running <- ctx
			<-release
		})
		b.write(message("1", "1", ""))
		ctx := <-running
		defer func() { <-c.Done() }()
		defer close(release)
		start := time.Now()
		if err := c.Disconnect(t.Context()); time.Since(start) < 3*time.Second || time.Since(start) > 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-ctx.Done()
	})
}

func TestDisconnectInAHandler(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	errs := make(chan error, 2)
	b.subscribe(c, frame.AckAuto, func(ctx context.Context, _ *conn.Message) {
		errs <- c.Disconnect(ctx)
		errs <- c.Send(ctx, "/queue/b", []byte("as before"))
	})
	b.write(message("1", "1", ""))
	if err := b.await(errs); err != conn.ErrWouldBlock {
		t.Error(err)
	}
	if err := b.await(errs); err != nil {
		t.Error(err)
	}
	b.expect("SEND\ndestination:/queue/b\ncontent-length:9\n\nas before^@")
}

// Disconnect waits for the outcomes, over a reconnect if need be, and nothing follows DISCONNECT.
func TestClientDisconnectDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
		sendAll(t, p, "1", "2")
		gone := async(func() error { return cl.Disconnect(t.Context()) })
		time.Sleep(time.Second)
		if _, err := p.Send(t.Context(), nil); !refusedByClose(err) {
			t.Errorf("Send while disconnecting: %v", err)
		}
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		if err := <-gone; err != nil {
			t.Error(err)
		}
		if got := seen.String(); got != "1 confirmed, 2 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		if want := []string{"SEND 1", "SEND 2", "SEND 1", "SEND 2", "DISCONNECT"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
	})
}

// Disconnect returns at its deadline, after the last outcome, and says that not all were confirmed, as Flush does.
func TestClientDisconnectHasADeadline(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: time.Second, time.Minute: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, answer: never}
			cl := s.connected(conn.Config{DisconnectTimeout: 3 * time.Second})
			p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
			sendAll(t, p, "1")
			ctx := t.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			start := time.Now()
			err := cl.Disconnect(ctx)
			if took := time.Since(start); took != want || !errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("error %v after %v, want %v", err, took, want)
			}
			notConfirmed(t, err, 0, 1, 0)
			if seen.String() != "1 unknown" {
				t.Errorf("outcomes %s", seen)
			}
		})
	}
}

// Disconnect does not return before OnOutcome has: a service may close what that writes to.
func TestDisconnectReturnsAfterTheLastOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{DisconnectTimeout: time.Minute})
		entered, release := make(chan struct{}), make(chan struct{})
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", OnOutcome: func(conn.Outcome) {
			close(entered)
			<-release
		}})
		sendAll(t, p, "")
		b.read()
		gone := async(func() error { return c.Disconnect(t.Context()) })
		b.receipt("~1-1")
		<-entered
		synctest.Wait()
		if len(gone) != 0 {
			t.Error("Disconnect has returned")
		}
		close(release)
		b.receipt(header(b.read(), "receipt"))
		if err := <-gone; err != nil {
			t.Error(err)
		}
	})
}

// Close ends a Disconnect that waits, at any moment, and what has no outcome is unknown.
func TestCloseEndsDisconnect(t *testing.T) {
	for _, moment := range []string{"handler", "outcome", "goodbye"} {
		t.Run(moment, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t}
				c := s.connected(conn.Config{DisconnectTimeout: time.Hour})
				p, seen := newProducer(t, c, conn.ProducerConfig{Redeliver: true})
				release := make(chan struct{})
				_, err := c.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, _ *conn.Message) { <-release }, conn.SubscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				s.set(func(s *fakeServer) { s.answer = never })
				switch moment {
				case "handler":
					s.latest().say(message("1", "1", ""))
				case "outcome":
					sendAll(t, p, "x")
				}
				synctest.Wait()
				gone := async(func() error { return c.Disconnect(t.Context()) })
				synctest.Wait()
				start := time.Now()
				_ = c.Close()
				close(release)
				err = <-gone
				if moment == "outcome" {
					notConfirmed(t, err, 0, 1, 0)
					if seen.String() != "1 unknown" {
						t.Error(seen)
					}
				} else if err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("after %v", took)
				}
				if !errors.Is(c.Err(), net.ErrClosed) {
					t.Error(c.Err())
				}
			})
		})
	}
}
