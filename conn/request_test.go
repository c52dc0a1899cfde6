package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

type replied struct {
	m   *conn.Message
	err error
}

func request(ctx context.Context, c *conn.Client, body string, h ...frame.Field) <-chan replied {
	result := make(chan replied, 1)
	go func() {
		m, err := c.Request(ctx, "/queue/service", []byte(body), h...)
		result <- replied{m, err}
	}()
	return result
}

// awaitReply checks what a request has come to.
func (b *fakeBroker) awaitReply(result <-chan replied, want string) {
	b.t.Helper()
	var got replied
	err := b.await(async(func() error { got = <-result; return got.err }))
	if err != nil || string(got.m.Body) != want {
		b.t.Errorf("reply %v, %v; want %q", got.m, err, want)
	}
}

// acceptReplyQueue confirms the subscription that the first request of a connection makes, and returns its id.
func (b *fakeBroker) acceptReplyQueue() (id string) {
	b.t.Helper()
	text := b.read()
	if !strings.HasPrefix(text, "SUBSCRIBE\n") || !strings.HasPrefix(header(text, "destination"), "/temp-queue/") {
		b.t.Fatalf("no subscription for replies, but %q", text)
	}
	b.receipt(header(text, "receipt"))
	return header(text, "id")
}

// reply is a MESSAGE that answers a request.
func reply(sub, request, body string) string {
	return "MESSAGE\nsubscription:" + sub + "\nmessage-id:1\ndestination:" + header(request, "reply-to") +
		"\ncorrelation-id:" + header(request, "correlation-id") + "\n\n" + body + "^@"
}

func TestRequest(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		for _, n := range []string{"one", "two"} {
			result := request(t.Context(), c, n, frame.Field{Name: "k", Value: "v"})
			sub := "1"
			if n == "one" { // the queue is made once
				sub = b.acceptReplyQueue()
			}
			text := b.read()
			to, id := header(text, "reply-to"), header(text, "correlation-id")
			if want := "SEND\ndestination:/queue/service\nk:v\nreply-to:" + to + "\ncorrelation-id:" + id + "\ncontent-length:3\n\n" + n + "^@"; text != want || to == "" || id == "" {
				t.Errorf("%q, want %q", text, want)
			}
			b.write(reply(sub, text, "re: "+n))
			b.awaitReply(result, "re: "+n)
		}
	})
}

// The reply is the caller's, whatever comes after it.
func TestReplyIsOwned(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	result := request(t.Context(), c, "x")
	sub := b.acceptReplyQueue()
	b.write(reply(sub, b.read(), "first"))
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	again := request(t.Context(), c, "y")
	b.write(reply(sub, b.read(), "again"))
	b.awaitReply(again, "again")
	if string(got.m.Body) != "first" || got.m.Header.Text("message-id") != "1" || got.m.Subscription() != nil {
		t.Errorf("%q %v", got.m.Body, got.m.Subscription())
	}
	if err := got.m.Ack(); !errors.Is(err, conn.ErrAckMode) {
		t.Errorf("Ack of a reply: %v", err)
	}
}

// RabbitMQ makes the queue of reply-to alone, refuses to subscribe to it, and names it in the subscription header.
func TestRequestOnRabbitMQ(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := sessionOf(t, tr, "RabbitMQ/3.10.8", conn.Config{})
		for _, n := range []string{"one", "two"} {
			result := request(t.Context(), c, n)
			text := b.read()
			to := header(text, "reply-to")
			if !strings.HasPrefix(text, "SEND\n") || !strings.HasPrefix(to, "/temp-queue/") {
				t.Fatalf("%q", text)
			}
			b.write("MESSAGE\nsubscription:" + to + "\nmessage-id:T_x@@1\ndestination:/queue/amq.gen-1\ncorrelation-id:" +
				header(text, "correlation-id") + "\n\nre: " + n + "^@")
			b.awaitReply(result, "re: "+n)
		}
		if n := c.Stats().Unsolicited; n != 0 {
			t.Errorf("%d unsolicited", n)
		}
	})
}

// A server of 1.0 may name no subscription.
func TestReplyWithoutASubscription(t *testing.T) {
	c, b := session(t, overPipe, frame.Version10, conn.Config{})
	result := request(t.Context(), c, "x")
	b.acceptReplyQueue()
	text := b.read()
	b.write("MESSAGE\nmessage-id:1\ndestination:" + header(text, "reply-to") + "\ncorrelation-id:" + header(text, "correlation-id") + "\n\npong^@")
	b.awaitReply(result, "pong")
}

// Each reply goes to its request, in whatever order they come. What answers nothing is counted.
func TestRequestsTwoAtATime(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		results := map[string]<-chan replied{}
		for _, n := range []string{"one", "two"} {
			results[n] = request(t.Context(), c, n)
		}
		sub := b.acceptReplyQueue()
		first, second := b.read(), b.read()
		if header(first, "reply-to") != header(second, "reply-to") || header(first, "correlation-id") == header(second, "correlation-id") {
			t.Errorf("%q %q", first, second)
		}
		b.write(reply(sub, second, "re: "+body(second)))
		b.awaitReply(results[body(second)], "re: "+body(second))
		b.write(reply(sub, second, "again") + reply(sub, "correlation-id:stompwire-99\n", "stray") + reply(sub, "correlation-id:mine\n", "stray") + reply(sub, "", "stray"))
		b.write(reply(sub, first, "re: "+body(first)))
		b.awaitReply(results[body(first)], "re: "+body(first))
		if n := c.Stats().Unsolicited; n != 4 {
			t.Errorf("%d unsolicited, want 4", n)
		}
	})
}

// A request without a reply ends with its context, or Config.ReceiptTimeout if that has no deadline. It may have been
// handled. What comes late is dropped, counted, and answers nothing else.
func TestRequestWithoutReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: 5 * time.Second})
		first := request(t.Context(), c, "x")
		sub := b.acceptReplyQueue()
		sent := []string{b.read()}
		start := time.Now()
		if got := <-first; !errors.Is(got.err, conn.ErrUnknownOutcome) || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %v", got.err, time.Since(start))
		}
		for _, timeout := range []time.Duration{time.Second, 20 * time.Second} {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			result := request(ctx, c, "x")
			sent = append(sent, b.read())
			got := <-result
			if !errors.Is(got.err, conn.ErrUnknownOutcome) || !errors.Is(got.err, context.DeadlineExceeded) || time.Since(start) != timeout {
				t.Errorf("%v after %v", got.err, time.Since(start))
			}
		}
		last := request(t.Context(), c, "last")
		text := b.read()
		for _, late := range sent {
			b.write(reply(sub, late, "late"))
		}
		b.write(reply(sub, text, "in time"))
		b.awaitReply(last, "in time")
		if n := c.Stats().Unsolicited; n != uint64(len(sent)) {
			t.Errorf("%d unsolicited, want %d", n, len(sent))
		}
	})
}

// A refusal is the answer, of the request and of the queue for replies; the next request tries again.
func TestRequestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		refused := func(result <-chan replied) {
			t.Helper()
			var no *conn.ServerError
			if got := <-result; !errors.As(got.err, &no) || no.Message != "no" {
				t.Errorf("%v", got.err)
			}
		}
		result := request(t.Context(), c, "x")
		b.write("ERROR\nmessage:no\nreceipt-id:" + header(b.read(), "receipt") + "\n\n^@")
		refused(result)
		result = request(t.Context(), c, "x")
		sub := b.acceptReplyQueue()
		b.read()
		b.write("ERROR\nmessage:no\n\n^@") // the only one that waits
		refused(result)
		result = request(t.Context(), c, "x")
		b.write(reply(sub, b.read(), "pong"))
		b.awaitReply(result, "pong")
	})
}

func TestRequestRefuses(t *testing.T) {
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	for _, name := range []string{"reply-to", "correlation-id", "destination"} {
		var bad *writer.HeaderError
		if _, err := c.Request(t.Context(), "/queue/a", nil, frame.Field{Name: name, Value: "mine"}); !errors.As(err, &bad) || bad.Name != name {
			t.Errorf("with a header %s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Request(ended, "/queue/a", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("under a context that has ended: %v", err)
	}
	flushed := async(func() error { return c.SendReceipt(t.Context(), "/flush", nil) })
	for { // the queue for replies may have been asked for
		text := b.read()
		b.receipt(header(text, "receipt"))
		if strings.HasPrefix(text, "SEND") {
			if header(text, "destination") != "/flush" {
				t.Errorf("sent %q", text)
			}
			break
		}
	}
	if err := b.await(flushed); err != nil {
		t.Error(err)
	}
}

// A handler may wait for a reply, which comes on another connection; with OneConnection nothing could read it.
func TestRequestInAHandler(t *testing.T) {
	for _, one := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t}
			c := s.connected(conn.Config{OneConnection: one})
			got := make(chan replied, 1)
			_, err := c.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, _ *conn.Message) {
				m, err := c.Request(ctx, "/queue/service", nil)
				got <- replied{m, err}
			}, conn.SubscribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s.latest().say(message("1", "m1", "x"))
			if !one {
				s.answerRequest("pong")
			}
			switch got := <-got; {
			case one && got.err != conn.ErrWouldBlock:
				t.Error(got.err)
			case !one && (got.err != nil || string(got.m.Body) != "pong"):
				t.Errorf("%v", got.err)
			}
		})
	}
}

// answerRequest has the first session answer the only request, once it has come.
func (s *fakeServer) answerRequest(body string) {
	s.t.Helper()
	synctest.Wait()
	sends, subs := s.frames("SEND"), s.frames("SUBSCRIBE")
	if len(sends) != 1 {
		s.t.Fatalf("the broker got %q", s.order())
	}
	s.mu.Lock()
	first := s.sessions[0]
	s.mu.Unlock()
	first.say(reply(header(subs[len(subs)-1], "id"), sends[0], body))
}

// A connection that is not read, because a handler is busy or a queue is full, holds no reply back.
func TestRequestBesideABacklog(t *testing.T) {
	for name, subscribe := range map[string]func(t *testing.T, c *conn.Client, over chan struct{}) error{
		"busy handler": func(t *testing.T, c *conn.Client, over chan struct{}) error {
			_, err := c.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) { <-over }, conn.SubscribeOptions{})
			return err
		},
		"full queue": func(t *testing.T, c *conn.Client, _ chan struct{}) error {
			_, err := c.Consume(t.Context(), "/queue/a", conn.SubscribeOptions{MaxMessages: 1})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, over := &fakeServer{t: t}, make(chan struct{})
				c := s.connected(conn.Config{})
				if err := subscribe(t, c, over); err != nil {
					t.Fatal(err)
				}
				go s.latest().say(strings.Repeat(message("1", "m1", "x"), 1000))
				synctest.Wait()
				start := time.Now()
				result := request(t.Context(), c, "ping")
				s.answerRequest("pong")
				if got := <-result; got.err != nil || string(got.m.Body) != "pong" || time.Since(start) != 0 {
					t.Errorf("%v after %v", got.err, time.Since(start))
				}
				close(over)
			})
		})
	}
}

// Each connection to send on has its own queue for replies.
func TestRequestOnTwoConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{Producers: 2})
		queues := make(map[string]bool)
		for _, destination := range []string{"/queue/a", "/queue/b", "/queue/a"} {
			s.set(func(s *fakeServer) { s.log = nil })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := c.Request(ctx, destination, nil); !errors.Is(err, conn.ErrUnknownOutcome) {
				t.Error(err)
			}
			cancel()
			queue := header(s.frames("SEND")[0], "reply-to")
			if subs := s.frames("SUBSCRIBE"); len(subs) > 0 == queues[queue] || len(subs) > 0 && header(subs[0], "destination") != queue {
				t.Errorf("a request that is to be answered to %q, after %q", queue, subs)
			}
			queues[queue] = true
		}
		if len(queues) != 2 {
			t.Errorf("queues for replies: %v", queues)
		}
	})
}

// A request whose context has ended has not left, on RabbitMQ either, where no queue is waited for.
func TestRequestNotSentOnRabbitMQ(t *testing.T) {
	c, _ := sessionOf(t, overPipe, "RabbitMQ/3.10.8", conn.Config{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Request(ended, "/queue/service", nil); !errors.Is(err, conn.ErrNotSent) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A request that waits for its queue for replies has not left: whatever becomes of that, it is safe to send it again.
func TestRequestNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		c := s.connected(conn.Config{ReceiptTimeout: 5 * time.Second})
		check := func(ctx context.Context, cause error, after time.Duration) {
			t.Helper()
			start := time.Now()
			_, err := c.Request(ctx, "/queue/service", nil)
			if !errors.Is(err, conn.ErrNotSent) || errors.Is(err, conn.ErrUnknownOutcome) || cause != nil && !errors.Is(err, cause) || time.Since(start) != after {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		check(ended, context.Canceled, 0)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		check(short, context.DeadlineExceeded, time.Second)
		check(t.Context(), nil, 4*time.Second) // the same SUBSCRIBE
		check(t.Context(), nil, 5*time.Second)
		synctest.Wait()
		s.set(func(s *fakeServer) {
			s.answer = func(text string) bool { s.reject(text); return false }
		})
		_, err := c.Request(t.Context(), "/queue/service", nil)
		var no *conn.ServerError
		if !errors.Is(err, conn.ErrNotSent) || !errors.As(err, &no) {
			t.Errorf("%v", err)
		}
		if n := len(s.frames("SEND")); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// A request ends with its connection, because the reply would come to that one. The next makes a new queue.
func TestRequestOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{})
		lost := request(t.Context(), c, "x")
		synctest.Wait()
		old := s.frames("SEND")[0]
		s.set(func(s *fakeServer) { s.refuse = -1 })
		s.cut()
		if got := <-lost; !errors.Is(got.err, conn.ErrUnknownOutcome) || !errors.Is(got.err, net.ErrClosed) {
			t.Errorf("%v", got.err)
		}
		waiting := request(t.Context(), c, "y") // for a connection
		synctest.Wait()
		s.set(func(s *fakeServer) { s.refuse, s.log = 0, nil })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(s.frames("SUBSCRIBE")) != 1 || len(s.frames("SEND")) != 1 {
			t.Fatalf("the broker got %q", s.order())
		}
		sub, text := header(s.frames("SUBSCRIBE")[0], "id"), s.frames("SEND")[0]
		s.mu.Lock()
		all := s.sessions
		s.mu.Unlock()
		for _, b := range all { // of two connections; on the other one nothing is expected
			b.say(reply(sub, old, "late"))
			b.say(reply(sub, text, "pong"))
		}
		if got := <-waiting; got.err != nil || string(got.m.Body) != "pong" {
			t.Errorf("%v", got.err)
		}
	})
}

// Disconnect waits for the reply; Close does not.
func TestRequestAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		result := request(t.Context(), c, "x")
		sub := b.acceptReplyQueue()
		text := b.read()
		gone := async(func() error { return c.Disconnect(t.Context()) })
		time.Sleep(time.Second)
		if _, err := c.Request(t.Context(), "/queue/service", nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("while disconnecting: %v", err)
		}
		b.write(reply(sub, text, "pong"))
		b.awaitReply(result, "pong")
		b.receipt(header(b.read(), "receipt"))
		if err := <-gone; err != nil {
			t.Error(err)
		}

		c, b = session(t, inBubble, frame.Version12, conn.Config{})
		result = request(t.Context(), c, "x")
		b.acceptReplyQueue()
		b.read()
		_ = c.Close()
		if got := <-result; !errors.Is(got.err, conn.ErrUnknownOutcome) || !errors.Is(got.err, net.ErrClosed) {
			t.Errorf("%v", got.err)
		}
	})
}

// With a broker: many requests at a time, answered by a handler on another client, and on the same one.
func TestRequestWithABroker(t *testing.T) {
	srv, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	dial := func() *conn.Client {
		c, err := conn.Dial(t.Context(), srv.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Close()
			<-c.Done()
		})
		return c
	}
	service, other := dial(), dial()
	_, err = service.Subscribe(t.Context(), "/queue/service", func(ctx context.Context, m *conn.Message) {
		to, id := m.Header.Text("reply-to"), m.Header.Text("correlation-id")
		if err := service.Send(ctx, to, append([]byte("re: "), m.Body...), frame.Field{Name: "correlation-id", Value: id}); err != nil {
			t.Error(err)
		}
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i, n := range strings.Fields("a b c d e f g h") {
		c := []*conn.Client{other, service}[i%2]
		all.Go(func() {
			for range 20 {
				m, err := c.Request(t.Context(), "/queue/service", []byte(n))
				if err != nil || string(m.Body) != "re: "+n {
					t.Errorf("%v, %v", m, err)
					return
				}
			}
		})
	}
	all.Wait()
}
