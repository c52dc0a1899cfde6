package interop_test

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// inbox keeps what a subscription gets, in order, until the end of the test.
type inbox struct {
	c   *conn.Client
	sub *conn.Subscription
	got chan *conn.Message

	mu     sync.Mutex
	kept   []*conn.Message
	closed bool
}

// keep retains a message.
func (in *inbox) keep(_ context.Context, m *conn.Message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return
	}
	m = m.Retain()
	in.kept = append(in.kept, m)
	in.got <- m
}

// release gives back what was kept.
func (in *inbox) release() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	for _, m := range in.kept {
		m.Release()
	}
}

// subscribe collects the messages of a destination.
func subscribe(t *testing.T, c *conn.Client, destination string, mode frame.AckMode, h ...frame.Field) *inbox {
	t.Helper()
	in := &inbox{c: c, got: make(chan *conn.Message, 4096)}
	t.Cleanup(in.release)
	sub, err := c.Subscribe(within(t), destination, in.keep, conn.SubscribeOptions{Ack: mode, Headers: h})
	if err != nil {
		t.Fatal(err)
	}
	in.sub = sub
	return in
}

// next waits for a message.
func (in *inbox) next(t *testing.T) *conn.Message {
	t.Helper()
	m := in.nextWithin(t, patience)
	if m == nil {
		t.Fatal("no message comes")
	}
	return m
}

// nextWithin waits for a message, but no longer than that, and returns nil then.
func (in *inbox) nextWithin(t *testing.T, most time.Duration) *conn.Message {
	t.Helper()
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	select {
	case m := <-in.got:
		return m
	case <-in.c.Done():
		t.Fatalf("no message, for the connection has ended: %v", in.c.Err())
	case <-timeout.C:
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
	ms := in.back(t, tg, patience, bodies...)
	if len(ms) < len(bodies) {
		t.Fatalf("%d of %d messages come back", len(ms), len(bodies))
	}
	return ms
}

// back is expectBack that takes what comes until nothing more does for so long.
func (in *inbox) back(t *testing.T, tg target, most time.Duration, bodies ...string) (ms []*conn.Message) {
	t.Helper()
	left := slices.Clone(bodies)
	for len(left) > 0 {
		m := in.nextWithin(t, most)
		if m == nil {
			break
		}
		i := slices.Index(left, string(m.Body))
		if i < 0 || i > 0 && !tg.scatters {
			t.Fatalf("message %.100q, want %.100q, in this order: %v", m.Body, left, !tg.scatters)
		}
		left = slices.Delete(left, i, i+1)
		ms = append(ms, m)
	}
	return ms
}

// comesBack fails the test unless all that a cut connection leaves behind goes to another. try cuts one, and says whether all
// came before nothing more did for so long. Where a broker strands something now and then, one try of a few has to succeed.
func comesBack(t *testing.T, tg target, try func(most time.Duration) bool) {
	t.Helper()
	most := patience
	if tg.strands {
		most = patience / 32
	}
	for ; most <= patience; most *= 2 {
		if try(most) {
			return
		}
		t.Logf("not all came back before nothing more did for %v", most)
	}
	t.Error("what a connection leaves behind does not come back")
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
func confirm(t *testing.T, c *conn.Client, destination string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if err := c.SendReceipt(within(t), destination, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

// disconnect ends a session in good order.
func disconnect(t *testing.T, c *conn.Client) {
	t.Helper()
	if err := c.Disconnect(within(t)); err != nil {
		t.Fatal(err)
	}
}

// queue and topic return destinations that no other test uses.
func queue() string { return "/queue/stompwire." + rand.Text() }
func topic() string { return "/topic/stompwire." + rand.Text() }
