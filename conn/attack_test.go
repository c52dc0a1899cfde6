package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// A sender that waits for a connection while its producer moves to one of its own follows it there (R3).
func TestSendFollowsAProducerThatIsIsolated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaths := 0
		s := &fakeServer{t: t}
		s.answer = func(text string) bool {
			switch body(text) + fmt.Sprint(deaths) {
			case "bad0":
				return false
			case "worse0", "bad1":
				deaths++
			default:
				return true
			}
			b := s.sessions[len(s.sessions)-1]
			go func() {
				b.say("ERROR\nmessage:not_found\n\n^@")
				_ = b.nc.Close()
			}()
			return false
		}
		cl := s.connected(conn.Config{})
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Redeliver: true})
		sendAll(t, p, "bad", "worse")
		time.Sleep(time.Millisecond) // the connection is gone, and the client pauses
		result := async(func() error {
			_, err := p.Send(t.Context(), []byte("next"))
			return err
		})
		time.Sleep(time.Hour)
		select {
		case err := <-result:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("Send waits; the broker got %q", s.order())
		}
	})
}

// What reconnects while the client disconnects takes nothing new.
func TestDisconnectRefusesOverAReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Redeliver: true})
		sendAll(t, p, "one")
		synctest.Wait()
		s.cut()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		result := async(func() error { return cl.Disconnect(ctx) })
		time.Sleep(time.Minute) // it has connected, and waits for the receipt
		if n := len(s.frames("SEND")); n != 2 {
			t.Fatalf("%d SENDs", n)
		}
		if err := cl.Send(t.Context(), "/queue/b", nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send: %v", err)
		}
		if _, err := p.Send(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Producer.Send: %v", err)
		}
		s.latest().receipt(header(s.frames("SEND")[1], "receipt"))
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// The owner of a subscription that the broker ends with the only connection is told why (R2).
func TestOnEndWhenASubscriptionEndsTheOnlyConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := false
		s := &fakeServer{t: t}
		s.answer = func(text string) bool {
			if refuse && strings.HasPrefix(text, "SUBSCRIBE") {
				b := s.sessions[len(s.sessions)-1]
				go func() {
					b.say("ERROR\nmessage:not_found\n\n^@RECEIPT\nreceipt-id:" + header(text, "receipt") + "\n\n^@")
					_ = b.nc.Close()
				}()
				return false
			}
			return true
		}
		cl := s.connected(conn.Config{OneConnection: true})
		told := make(chan error, 1)
		sub, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{
			OnEnd: func(_ *conn.Subscription, err error) { told <- err },
		})
		if err != nil {
			t.Fatal(err)
		}
		s.set(func(*fakeServer) { refuse = true })
		s.cut()
		<-sub.Done()
		synctest.Wait()
		for _, err := range []error{sub.Err(), receive(told)} {
			if !errors.As(err, new(*conn.ServerError)) || errors.Is(err, net.ErrClosed) {
				t.Errorf("told %v", err)
			}
		}
	})
}

// receive returns what waits in c, the zero value if there is nothing.
func receive[T any](c <-chan T) (v T) {
	select {
	case v = <-c:
	default:
	}
	return v
}

// Sessions can be asked for while a connection of its own is being made for a subscription.
func TestSessionsWhileASubscriptionIsIsolated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held, release := make(chan struct{}), make(chan struct{})
		var once atomic.Bool
		cfg := conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSubscription && once.CompareAndSwap(false, true) {
				close(held)
				<-release
			}
		}}
		s := &fakeServer{t: t}
		cl := s.connected(cfg)
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		s.latest().say("ERROR\nmessage:cancelled\nsubscription:1\n\n^@")
		<-held
		_ = s.latest().nc.Close()
		synctest.Wait()
		if n := len(cl.Sessions()); n == 0 {
			t.Error("no session")
		}
		close(release)
	})
}

// A request may be a text message, too.
func TestRequestText(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{Broker: 0})
	_ = c
	result := async(func() error {
		_, err := c.Request(context.Background(), "/queue/a", []byte("q"), conn.Text)
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	sent := b.read()
	if strings.Contains(sent, "content-length") || header(sent, "reply-to") == "" || header(sent, "correlation-id") == "" {
		t.Errorf("the broker got %q", sent)
	}
	b.write(fmt.Sprintf("MESSAGE\nsubscription:1\nmessage-id:1\ncorrelation-id:%s\n\na^@", header(sent, "correlation-id")))
	if err := b.await(result); err != nil {
		t.Error(err)
	}
}

// What the caller does with its options after a call does not change the client.
func TestOptionsAreCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		of := func(name string) []frame.Field { return []frame.Field{{Name: name, Value: "before"}} }
		connect, subscribe, send := of("x-connect"), of("x-subscribe"), of("x-send")
		var seen atomic.Pointer[string]
		cfg := conn.Config{Headers: connect, Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSend && e.Frame.Command == frame.CmdConnect {
				text := e.Frame.Header.Text("x-connect")
				seen.Store(&text)
			}
		}}
		cl := s.connected(cfg)
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Headers: send})
		sendAll(t, p, "1")
		if _, err := cl.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{Headers: subscribe}); err != nil {
			t.Fatal(err)
		}
		connect[0].Value, subscribe[0].Value, send[0].Value = "after", "after", "after"
		s.cut()
		time.Sleep(time.Minute)
		sendAll(t, p, "2")
		synctest.Wait()
		for _, f := range append(s.frames("SUBSCRIBE"), s.frames("SEND")...) {
			if strings.Contains(f, "after") {
				t.Errorf("sent %q", f)
			}
		}
		if got := *seen.Load(); got != "before" {
			t.Errorf("CONNECT says %s", got)
		}
	})
}

// A message that was acknowledged in a transaction which was aborted is given back like any other (R6).
func TestUnsubscribeGivesBackWhatAnAbortedTransactionAcknowledged(t *testing.T) {
	c, b := rabbit(t, conn.Config{})
	tokens := make(chan conn.Token, 2)
	tx := make(chan *conn.Tx, 1)
	sub := b.subscribeRabbit(c, conn.SubscribeOptions{Ack: frame.AckClientIndividual}, func(ctx context.Context, m *conn.Message) {
		begun, err := m.Begin(ctx)
		if err != nil {
			t.Error(err)
		}
		tokens <- m.Token()
		tx <- begun
	})
	b.write("MESSAGE\nsubscription:1\nmessage-id:T_1@@s@@1\nack:T_1@@s@@1\n\nm^@")
	begun := <-tx
	if err := begun.Ack(<-tokens); err != nil {
		t.Fatal(err)
	}
	result := async(func() error { return begun.Abort(context.Background()) })
	for _, want := range []string{"BEGIN", "ACK", "ABORT"} {
		text := b.read()
		if !strings.HasPrefix(text, want+"\n") {
			t.Fatalf("the broker got %q, want %s", text, want)
		}
		if want == "ABORT" {
			b.receipt(header(text, "receipt"))
		}
	}
	if err := b.await(result); err != nil {
		t.Fatal(err)
	}
	ended := async(func() error { return sub.Unsubscribe(context.Background()) })
	b.endRabbit([]string{"T_1@@s@@1"})
	if err := b.await(ended); err != nil {
		t.Error(err)
	}
}

// However many messages are given back, they are one write, and none of them is a frame that is too large (R6).
func TestUnsubscribeGivesBackMoreThanAFrame(t *testing.T) {
	c, b := rabbit(t, conn.Config{MaxFrameSize: 1000})
	sub := b.subscribeRabbit(c, conn.SubscribeOptions{Ack: frame.AckClientIndividual}, ignore)
	var want []string
	for i := range 100 {
		id := fmt.Sprintf("T_1@@s@@%d", i+1)
		b.write("MESSAGE\nsubscription:1\nmessage-id:" + id + "\nack:" + id + "\n\nm^@")
		want = append(want, id)
	}
	flush(t, c, b)
	ended := async(func() error { return sub.Unsubscribe(context.Background()) })
	b.endRabbit(want)
	if err := b.await(ended); err != nil {
		t.Error(err)
	}
}

// A message that comes for a subscription that is being given back is given back once, however long it is (R6).
func TestStreamedMessageIsGivenBackOnce(t *testing.T) {
	for _, size := range []int{20, 200} {
		c, b := rabbit(t, conn.Config{Link: link.Options{Limits: frame.Limits{Body: 100}}})
		sub := b.subscribeRabbit(c, conn.SubscribeOptions{Ack: frame.AckClientIndividual, StreamOver: 10}, ignore)
		ended := async(func() error { return sub.Unsubscribe(context.Background()) })
		receipt := b.takeOver(nil)
		b.write(fmt.Sprintf("MESSAGE\nsubscription:1\nmessage-id:T_1@@s@@1\nack:T_1@@s@@1\ncontent-length:%d\n\n%s^@", size, strings.Repeat("x", size)))
		b.expect("NACK\nid:T_1@@s@@1\n\n^@")
		b.receipt(receipt)
		b.endTakenOver()
		if err := b.await(ended); err != nil {
			t.Error(err)
		}
	}
}

// A message whose handler does not start any more, because the client disconnects, is left to the broker, and not refused (R6).
func TestDisconnectDoesNotRefuseAStreamedMessage(t *testing.T) {
	for _, size := range []int{20, 200} {
		synctest.Test(t, func(t *testing.T) {
			c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{Limits: frame.Limits{Body: 100}}})
			runs, returns := make(chan struct{}), make(chan struct{})
			var handled atomic.Int32
			h := func(context.Context, *conn.Message) {
				if handled.Add(1) == 1 {
					close(runs)
					<-returns
				}
			}
			result := async(func() error {
				_, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{Ack: frame.AckClientIndividual, StreamOver: 10})
				return err
			})
			b.receipt(header(b.read(), "receipt"))
			if err := b.await(result); err != nil {
				t.Fatal(err)
			}
			b.write("MESSAGE\nsubscription:1\nmessage-id:1\nack:1\n\nm^@")
			<-runs
			ended := async(func() error { return c.Disconnect(context.Background()) })
			synctest.Wait()
			go b.write(fmt.Sprintf("MESSAGE\nsubscription:1\nmessage-id:2\nack:2\ncontent-length:%d\n\n%s^@", size, strings.Repeat("x", size)))
			synctest.Wait()
			close(returns)
			text := b.read()
			if !strings.HasPrefix(text, "DISCONNECT\n") {
				t.Errorf("the broker got %q", text)
			}
			b.receipt(header(text, "receipt"))
			_ = b.nc.Close()
			if err := b.await(ended); err != nil {
				t.Error(err)
			}
			if n := handled.Load(); n != 1 {
				t.Errorf("%d messages were handled", n)
			}
		})
	}
}

// SendReceipt, SendFrom and Request that found no connection say that nothing was sent (R4).
func TestNoConnectionIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, refuse: -1}
		cl := s.client(conn.Config{Attempts: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, requested := cl.Request(ctx, "/queue/a", nil)
		for name, err := range map[string]error{
			"SendReceipt": cl.SendReceipt(ctx, "/queue/a", nil),
			"SendFrom":    cl.SendFrom(ctx, "/queue/a", strings.NewReader("x"), 1),
			"Request":     requested,
		} {
			if !errors.Is(err, conn.ErrNotSent) || !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// rabbit returns a client that is connected to a RabbitMQ.
func rabbit(t *testing.T, cfg conn.Config) (*conn.Client, *fakeBroker) {
	t.Helper()
	b, result := open(t, overPipe, cfg)
	b.read()
	b.write("CONNECTED\nversion:1.2\nserver:RabbitMQ/3.10.8\n\n^@")
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	t.Cleanup(func() { _ = got.c.Close() })
	return got.c, b
}

func (b *fakeBroker) subscribeRabbit(c *conn.Client, opts conn.SubscribeOptions, h conn.MessageHandler) (sub *conn.Subscription) {
	b.t.Helper()
	result := async(func() (err error) {
		sub, err = c.Subscribe(context.Background(), "/queue/a", h, opts)
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		b.t.Fatal(err)
	}
	return sub
}

// takeOver reads what gives these messages back, and returns the receipt that it asks for.
func (b *fakeBroker) takeOver(ids []string) (receipt string) {
	b.t.Helper()
	if text := b.read(); !strings.HasPrefix(text, "UNSUBSCRIBE\n") || header(text, "receipt") != "" {
		b.t.Fatalf("the broker got %q", text)
	}
	text := b.read()
	if receipt = header(text, "receipt"); !strings.HasPrefix(text, "SUBSCRIBE\n") || receipt == "" {
		b.t.Fatalf("the broker got %q", text)
	}
	for _, id := range ids {
		b.expect("NACK\nid:" + id + "\n\n^@")
	}
	return receipt
}

// endRabbit plays the end of a subscription that has these messages.
func (b *fakeBroker) endRabbit(ids []string) {
	b.t.Helper()
	b.receipt(b.takeOver(ids))
	b.endTakenOver()
}

// endTakenOver plays the second take-over, and the end.
func (b *fakeBroker) endTakenOver() {
	b.t.Helper()
	b.receipt(b.takeOver(nil))
	text := b.read()
	if !strings.HasPrefix(text, "UNSUBSCRIBE\n") {
		b.t.Fatalf("the broker got %q", text)
	}
	b.receipt(header(text, "receipt"))
}

// A Subscribe that fails tells so by its error alone, and not by OnEnd.
func TestOnEndIsNotForAFailedSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := cl.Subscribe(ctx, "/queue/a", ignore, conn.SubscribeOptions{
			OnEnd: func(_ *conn.Subscription, err error) { t.Errorf("told %v", err) },
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// An id that the broker was never told is free.
func TestBeginThatFailsFreesItsID(t *testing.T) {
	c, _ := session(t, overPipe, frame.Version12, conn.Config{MaxFrameSize: 200})
	id := strings.Repeat("x", 300)
	for range 2 {
		if _, err := c.Begin(context.Background(), id); !errors.As(err, new(*frame.LimitError)) {
			t.Error(err)
		}
	}
}

// A broker that gives no receipts does not hold up for ever what shares a connection with messages that are sent again one
// at a time (R3).
func TestResendOneByOneEndsWithoutReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Redeliver: true})
		sendAll(t, p, "1", "2")
		synctest.Wait()
		s.latest().say("ERROR\nmessage:not_found\n\n^@")
		s.cut()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := cl.Send(ctx, "/queue/b", []byte("other")); err != nil {
			t.Error(err)
		}
	})
}
