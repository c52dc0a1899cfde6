package interop_test

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// inbox keeps what a subscription gets, in order.
type inbox struct {
	c   *conn.Conn
	sub *conn.Subscription
	got chan *conn.Message
}

// subscribe collects the messages of a destination.
func subscribe(t *testing.T, c *conn.Conn, destination string, mode frame.AckMode, h ...frame.Field) *inbox {
	t.Helper()
	in := &inbox{c: c, got: make(chan *conn.Message, 4096)}
	keep := func(_ context.Context, m *conn.Message) { in.got <- m.Clone() }
	sub, err := c.Subscribe(within(t), destination, keep, conn.SubscribeOptions{Ack: mode, Headers: h})
	if err != nil {
		t.Fatal(err)
	}
	in.sub = sub
	return in
}

// next waits for a message.
func (in *inbox) next(t *testing.T) *conn.Message {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case m := <-in.got:
		return m
	case <-in.c.Done():
		t.Fatalf("no message, for the connection has ended: %v", in.c.Err())
	case <-timeout.C:
		t.Fatal("no message comes")
	}
	return nil
}

// expect waits for messages with these bodies, in this order, and returns them.
func (in *inbox) expect(t *testing.T, bodies ...string) []*conn.Message {
	t.Helper()
	var ms []*conn.Message
	for _, want := range bodies {
		m := in.next(t)
		if got := string(m.Body); got != want {
			t.Fatalf("message %.100q, want %.100q", got, want)
		}
		ms = append(ms, m)
	}
	return ms
}

// expectBack is expect for what another connection has left behind, which some brokers return in any order.
func (in *inbox) expectBack(t *testing.T, tg target, bodies ...string) []*conn.Message {
	t.Helper()
	if !tg.scatters {
		return in.expect(t, bodies...)
	}
	var ms []*conn.Message
	left := slices.Clone(bodies)
	for range bodies {
		m := in.next(t)
		i := slices.Index(left, string(m.Body))
		if i < 0 {
			t.Fatalf("message %.100q, want one of %.100q", m.Body, left)
		}
		left = slices.Delete(left, i, i+1)
		ms = append(ms, m)
	}
	return ms
}

// expectEnd shows that the destination holds nothing more for this inbox: what is sent there now arrives next. That is
// quicker than to wait for what does not come, and surer. What may come, need not.
func (in *inbox) expectEnd(t *testing.T, may ...string) {
	t.Helper()
	const last = "nothing before this"
	confirm(t, in.c, in.sub.Destination(), last)
	for {
		m := in.next(t)
		in.ack(t, m)
		i := slices.Index(may, string(m.Body))
		if i < 0 {
			if string(m.Body) != last {
				t.Fatalf("message %.100q, want %q", m.Body, last)
			}
			return
		}
		may = slices.Delete(slices.Clone(may), i, i+1)
	}
}

// ack acknowledges messages, unless they are already, by mode.
func (in *inbox) ack(t *testing.T, ms ...*conn.Message) {
	t.Helper()
	for _, m := range ms {
		if err := m.Ack(); err != nil && err != conn.ErrAckMode {
			t.Fatal(err)
		}
	}
}

// confirm sends messages, one after the other, and waits until the broker has each.
func confirm(t *testing.T, c *conn.Conn, destination string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if err := c.SendReceipt(within(t), destination, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

// disconnect ends a session in good order.
func disconnect(t *testing.T, c *conn.Conn) {
	t.Helper()
	if err := c.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
}

// queue and topic return destinations that nobody else knows.
func queue() string { return "/queue/stompwire." + rand.Text() }
func topic() string { return "/topic/stompwire." + rand.Text() }
