package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// These tests hold the dialect table against running brokers; interop/brokers.sh starts them.

// quiet is after how long nothing more is expected to come.
const quiet = 400 * time.Millisecond

// overBrokers runs test for each broker whose URI is in the environment.
func overBrokers(t *testing.T, test func(t *testing.T, l live)) {
	for _, broker := range []conn.Broker{conn.RabbitMQ, conn.ActiveMQ, conn.Artemis} {
		t.Run(strings.ReplaceAll(broker.String(), " ", ""), func(t *testing.T) {
			t.Parallel()
			name := map[conn.Broker]string{
				conn.RabbitMQ: "STOMPWIRE_RABBITMQ_URI", conn.ActiveMQ: "STOMPWIRE_ACTIVEMQ_URI", conn.Artemis: "STOMPWIRE_ARTEMIS_URI",
			}[broker]
			uri, err := url.Parse(os.Getenv(name))
			if err != nil || uri.Host == "" {
				t.Skipf("%s is not set", name)
			}
			passcode, _ := uri.User.Password()
			test(t, live{
				broker: broker, addr: uri.Host, d: broker.Dialect(),
				cfg: conn.Config{Login: uri.User.Username(), Passcode: passcode},
			})
		})
	}
}

// live is a broker that runs.
type live struct {
	broker conn.Broker
	addr   string
	cfg    conn.Config
	d      conn.Dialect
}

func (l live) dial(t *testing.T) *conn.Conn {
	t.Helper()
	c, err := conn.Dial(t.Context(), l.addr, &l.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// name returns a destination that nobody has used.
func name(prefix string) string {
	return fmt.Sprintf("%sstompwire.dialect.%d", prefix, time.Now().UnixNano())
}

func send(t *testing.T, c *conn.Conn, destination, body string, hints ...conn.Hint) {
	t.Helper()
	fields, err := c.SendFields(hints...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendReceipt(t.Context(), destination, []byte(body), fields...); err != nil {
		t.Fatalf("send with %v: %v", fields, err)
	}
}

// subscribeTo returns where copies of the messages of destination arrive.
func subscribeTo(t *testing.T, c *conn.Conn, destination string, mode frame.AckMode, hints ...conn.Hint) (*conn.Subscription, <-chan *conn.Message) {
	t.Helper()
	fields, err := c.SubscribeFields(hints...)
	if err != nil {
		t.Fatal(err)
	}
	messages := make(chan *conn.Message, 1000)
	sub, err := c.Subscribe(t.Context(), destination, func(_ context.Context, m *conn.Message) { messages <- m.Clone() },
		conn.SubscribeOptions{Ack: mode, Headers: fields})
	if err != nil {
		t.Fatal(err)
	}
	return sub, messages
}

func receive(t *testing.T, messages <-chan *conn.Message) *conn.Message {
	t.Helper()
	select {
	case m := <-messages:
		return m
	case <-time.After(time.Minute):
		t.Fatal("no message")
		return nil
	}
}

func expectNone(t *testing.T, messages <-chan *conn.Message, why string) {
	t.Helper()
	select {
	case m := <-messages:
		t.Fatalf("%s: got %s with headers %v", why, m.Body, m.Header.Fields())
	case <-time.After(quiet):
	}
}

func TestLiveDialectDetected(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		if c := l.dial(t); c.Dialect().Broker != l.broker {
			t.Errorf("%q is taken for %v", c.Server(), c.Dialect().Broker)
		}
	})
}

func TestLivePrefetch(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		const sent, prefetch, size = 20, 3, 10 << 10
		c, queue := l.dial(t), name("/queue/")
		for range sent {
			send(t, c, queue, strings.Repeat("x", size), conn.Anycast())
		}
		sub, messages := subscribeTo(t, c, queue, frame.AckClientIndividual,
			conn.Prefetch(prefetch), conn.PrefetchBytes(prefetch*size), conn.Anycast())
		var out []*conn.Message
		for range prefetch {
			out = append(out, receive(t, messages))
		}
		// A window of bytes that is not used up lets one more out, larger than it is.
		if l.d.PrefetchUnit == conn.PrefetchOctets {
			time.Sleep(quiet)
			for len(messages) > 0 {
				out = append(out, <-messages)
			}
			if len(out) > prefetch+1 {
				t.Errorf("%d messages of %d bytes are out; the window is for %d", len(out), size, prefetch)
			}
		} else {
			expectNone(t, messages, "beyond the prefetch")
		}
		for done := 0; done < sent; done++ {
			if len(out) == 0 {
				out = append(out, receive(t, messages))
			}
			if err := out[0].Ack(); err != nil {
				t.Fatal(err)
			}
			out = out[1:]
		}
		expectNone(t, messages, "after the last")
		if err := sub.Unsubscribe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// With ack auto, more comes than a prefetch lets out; or Subscribe says that it would not.
func TestLivePrefetchAuto(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		const sent, prefetch, size = 20, 3, 10 << 10
		c, queue := l.dial(t), name("/queue/")
		fields, err := c.SubscribeFields(conn.Prefetch(prefetch), conn.PrefetchBytes(prefetch*size), conn.Anycast())
		if err != nil {
			t.Fatal(err)
		}
		messages := make(chan *conn.Message, sent)
		_, err = c.Subscribe(t.Context(), queue, func(_ context.Context, m *conn.Message) { messages <- m.Clone() },
			conn.SubscribeOptions{Headers: fields})
		if l.d.PrefetchNeedsAck {
			if !errors.As(err, new(*conn.HintError)) {
				t.Fatalf("not refused: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for range sent {
			send(t, c, queue, strings.Repeat("x", size), conn.Anycast())
		}
		for range sent {
			receive(t, messages)
		}
	})
}

func TestLiveSendHints(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		c, queue := l.dial(t), name("/queue/")
		send(t, c, queue, "expired", conn.Expires(time.Now().Add(50*time.Millisecond)), conn.Anycast())
		send(t, c, queue, "alive", conn.Persistent(), conn.Priority(7), conn.Expires(time.Now().Add(time.Hour)), conn.Anycast())
		time.Sleep(200 * time.Millisecond)
		_, messages := subscribeTo(t, c, queue, frame.AckAuto, conn.Anycast())
		m := receive(t, messages)
		if string(m.Body) != "alive" {
			t.Errorf("got %q; it has expired", m.Body)
		}
		if string(m.Header.Get("persistent")) != "true" || string(m.Header.Get("priority")) != "7" {
			t.Errorf("not persistent, or not of priority 7: %v", m.Header.Fields())
		}
		expectNone(t, messages, "expired")
	})
}

func TestLiveDurable(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		topic, durable := name("/topic/"), name("")
		l.cfg.Headers = []frame.Field{{Name: "client-id", Value: durable}}
		listener := l.dial(t)
		subscribeTo(t, listener, topic, frame.AckAuto, conn.Durable(durable), conn.Multicast())
		if err := listener.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.cfg.Headers = nil
		send(t, l.dial(t), topic, "while away", conn.Persistent(), conn.Multicast())

		l.cfg.Headers = []frame.Field{{Name: "client-id", Value: durable}}
		_, messages := subscribeTo(t, l.dial(t), topic, frame.AckAuto, conn.Durable(durable), conn.Multicast())
		if m := receive(t, messages); string(m.Body) != "while away" {
			t.Errorf("got %q", m.Body)
		}
	})
}

// On Artemis a destination without a prefix is a topic, unless routing says otherwise.
func TestLiveRouting(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		if l.d.SendRouting == "" {
			t.Skip("the destination alone decides")
		}
		c, address := l.dial(t), name("")
		send(t, c, address, "kept", conn.Anycast())
		_, messages := subscribeTo(t, c, address, frame.AckAuto, conn.Anycast())
		receive(t, messages)
	})
}

func TestLiveNack(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		c, queue := l.dial(t), name("/queue/")
		send(t, c, queue, "bad", conn.Anycast())
		_, messages := subscribeTo(t, c, queue, frame.AckClientIndividual, conn.Anycast())
		if err := receive(t, messages).Nack(); err != nil {
			t.Fatal(err)
		}
		if l.d.Nack != conn.NackRequeues {
			expectNone(t, messages, "NACK does not requeue")
			return
		}
		m := receive(t, messages)
		if !m.Redelivered() {
			t.Error("not marked as delivered before")
		}
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
	})
}

// Each broker answers the SENDs of a transaction, sooner or later, so that Commit can wait for them.
func TestLiveTransactionSendConfirmed(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		c, queue := l.dial(t), name("/queue/")
		tx, err := c.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		fields, err := c.SendFields(conn.Anycast(), conn.Persistent())
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{"1", "2"} {
			if err := tx.SendConfirmed(t.Context(), queue, []byte(body), fields...); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, messages := subscribeTo(t, c, queue, frame.AckAuto, conn.Anycast())
		for _, want := range []string{"1", "2"} {
			if got := string(receive(t, messages).Body); got != want {
				t.Errorf("received %q; want %q", got, want)
			}
		}
	})
}

// fail has the broker process a frame that it cannot: a SEND in a transaction that was never begun or, for Artemis
// begins it, a selector that is none.
func (l live) fail(ctx context.Context, c *conn.Conn) error {
	if l.broker != conn.Artemis {
		return c.SendReceipt(ctx, name("/queue/"), []byte("x"), frame.Field{Name: frame.HeaderTransaction, Value: "none"})
	}
	_, err := c.Subscribe(ctx, name("/queue/"), func(context.Context, *conn.Message) {},
		conn.SubscribeOptions{Headers: []frame.Field{{Name: frame.HeaderSelector, Value: "a = = b"}}})
	return err
}

func TestLiveErrors(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		for _, v := range []frame.Version{frame.Version11, frame.Version12} {
			l.cfg.Versions = frame.VersionsOf(v)
			l.cfg.ReceiptTimeout = time.Minute
			if !l.d.ErrorNamesReceipt {
				l.cfg.ReceiptTimeout = time.Second // there will be none
			}
			c := l.dial(t)
			err := l.fail(t.Context(), c)
			var refusal *conn.ServerError
			if named := errors.As(err, &refusal) && refusal.ReceiptID != ""; named != l.d.ErrorNamesReceipt {
				t.Errorf("%v: error %v; the table says that its receipt is named: %v", v, err, l.d.ErrorNamesReceipt)
			}
			closes, patience := false, quiet
			if l.d.ErrorCloses.Has(v) {
				patience = time.Minute
			}
			select {
			case <-c.Done():
				closes = true
			case <-time.After(patience):
			}
			if closes != l.d.ErrorCloses.Has(v) {
				t.Errorf("%v: closes: %v; the table says otherwise", v, closes)
			}
		}
	})
}

// Where a receipt holds for all sends before it, persistent messages with few receipts are all confirmed and all there;
// where it does not, that is refused.
func TestLiveReceiptEvery(t *testing.T) {
	overBrokers(t, func(t *testing.T, l live) {
		const sent = 2000
		c, queue := l.dial(t), name("/queue/")
		fields, err := c.SendFields(conn.Persistent(), conn.Anycast())
		if err != nil {
			t.Fatal(err)
		}
		var confirmed atomic.Int64
		p, err := c.NewProducer(conn.ProducerConfig{
			Destination: queue, Headers: fields, Window: 500, ReceiptEvery: 50,
			OnOutcome: func(o conn.Outcome) {
				if o.Status == conn.Confirmed {
					confirmed.Add(1)
				}
			},
		})
		if !l.d.ReceiptsCumulative {
			if !errors.Is(err, conn.ErrReceiptsNotCumulative) {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		before := c.Stats().FramesIn
		for range sent {
			if _, err := p.Send(t.Context(), []byte("a message")); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(t.Context()); err != nil || confirmed.Load() != sent {
			t.Fatalf("%d of %d are confirmed, %v", confirmed.Load(), sent, err)
		}
		t.Logf("%d receipts for %d messages", c.Stats().FramesIn-before, sent)
		_, messages := subscribeTo(t, l.dial(t), queue, frame.AckAuto, conn.Anycast())
		for range sent {
			receive(t, messages)
		}
	})
}
