package interop_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	hint "github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// These tests hold the table of package conn/dialect against the brokers.

// quiet is how long a test waits for what must not come.
const quiet = 400 * time.Millisecond

// tableOf returns what the table says of the broker that c is connected to.
func tableOf(t *testing.T, c *conn.Client) hint.Dialect {
	t.Helper()
	all := c.Sessions()
	if len(all) == 0 {
		t.Fatalf("not connected: %v", c.Err())
	}
	return all[0].Dialect
}

// sendWith sends a message with hints, and waits for its receipt.
func sendWith(t *testing.T, c *conn.Client, destination, body string, hints ...hint.Hint) {
	t.Helper()
	table := tableOf(t, c)
	fields, err := table.SendFields(time.Now(), hints...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendReceipt(within(t), destination, []byte(body), fields...); err != nil {
		t.Fatalf("send with %v: %v", fields, err)
	}
}

// subscribeWith is subscribe with hints. Its error is that of Subscribe.
func subscribeWith(t *testing.T, c *conn.Client, destination string, mode frame.AckMode, hints ...hint.Hint) (*inbox, error) {
	t.Helper()
	in := &inbox{c: c, got: make(chan *conn.Message, 4096)}
	t.Cleanup(in.release)
	sub, err := c.Subscribe(within(t), destination, in.keep, conn.SubscribeOptions{Ack: mode, Hints: hints})
	in.sub = sub
	return in, err
}

func TestLiveDialectDetected(t *testing.T) {
	brokers := map[string]hint.Broker{
		"embedded": hint.Embedded, "rabbitmq": hint.RabbitMQ, "activemq": hint.ActiveMQ, "artemis": hint.Artemis,
	}
	overEach(t, func(t *testing.T, tg target) {
		if got := tableOf(t, tg.dial(t, nil)).Broker; got != brokers[tg.name] {
			t.Errorf("taken for %v", got)
		}
	})
}

// No more messages are out than the prefetch says, and acknowledgements let the others come.
func TestLivePrefetch(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		const sent, prefetch, size = 20, 3, 10 << 10
		c, q := tg.dial(t, nil), queue()
		for range sent {
			sendWith(t, c, q, strings.Repeat("x", size), hint.Anycast())
		}
		in, err := subscribeWith(t, c, q, frame.AckClientIndividual, hint.Prefetch(prefetch), hint.PrefetchBytes(prefetch*size), hint.Anycast())
		if err != nil {
			t.Fatal(err)
		}
		var out []*conn.Message
		for range prefetch {
			out = append(out, in.next(t))
		}
		// A window of bytes that is not used up lets out one message more, larger than what is left.
		most := prefetch
		if tableOf(t, c).PrefetchUnit == hint.Octets {
			most++
		}
		for m := in.nextWithin(t, quiet); m != nil; m = in.nextWithin(t, quiet) {
			if out = append(out, m); len(out) > most {
				t.Fatalf("%d messages of %d bytes are out; the prefetch is %d", len(out), size, prefetch)
			}
		}
		for done := range sent {
			if done == len(out) {
				out = append(out, in.next(t))
			}
			if err := out[done].Ack(); err != nil {
				t.Fatal(err)
			}
		}
		in.expectEnd(t)
		if err := in.sub.Unsubscribe(within(t)); err != nil {
			t.Error(err)
		}
	})
}

// In ack mode auto more comes than a prefetch lets out, or Subscribe says that it would not.
func TestLivePrefetchAuto(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		const sent, prefetch, size = 20, 3, 10 << 10
		c, q := tg.dial(t, nil), queue()
		in, err := subscribeWith(t, c, q, frame.AckAuto, hint.Prefetch(prefetch), hint.PrefetchBytes(prefetch*size), hint.Anycast())
		if tableOf(t, c).PrefetchNeedsAck {
			if !errors.As(err, new(*hint.HintError)) {
				t.Fatalf("not refused: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for range sent {
			sendWith(t, c, q, strings.Repeat("x", size), hint.Anycast())
		}
		for range sent {
			in.next(t)
		}
	})
}

func TestLiveSendHints(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, nil), queue()
		const life = 50 * time.Millisecond
		sendWith(t, c, q, "expired", hint.Expires(time.Now().Add(life)), hint.Anycast())
		sendWith(t, c, q, "alive", hint.Persistent(), hint.Priority(7), hint.Expires(time.Now().Add(time.Hour)), hint.Anycast())
		time.Sleep(2 * life)
		in, err := subscribeWith(t, c, q, frame.AckAuto, hint.Anycast())
		if err != nil {
			t.Fatal(err)
		}
		table := tableOf(t, c)
		for _, m := range in.expect(t, "alive") {
			for name, want := range map[string]string{table.PersistentHeader: "true", table.PriorityHeader: "7"} {
				if name != "" && string(m.Header.Get(name)) != want {
					t.Errorf("%s is not %s: %v", name, want, m.Header.Fields())
				}
			}
		}
		in.expectEnd(t)
	})
}

// On Artemis a destination without a prefix is a topic, unless the routing says otherwise.
func TestLiveRouting(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, address := tg.dial(t, nil), strings.TrimPrefix(queue(), "/queue/")
		if tableOf(t, c).SendRouting == "" {
			t.Skipf("on %s the destination alone decides", tg.name)
		}
		sendWith(t, c, address, "kept", hint.Anycast())
		in, err := subscribeWith(t, c, address, frame.AckAuto, hint.Anycast())
		if err != nil {
			t.Fatal(err)
		}
		in.expect(t, "kept")
	})
}

// fail has the broker process a frame that it cannot: a SEND in a transaction that was never begun or, where that begins it, a
// selector that is none.
func fail(t *testing.T, tg target, c *conn.Client) error {
	if !tg.unknownTx.accepts {
		return c.SendReceipt(within(t), queue(), []byte("x"), frame.Field{Name: frame.HeaderTransaction, Value: "none"})
	}
	_, err := c.Subscribe(within(t), queue(), func(context.Context, *conn.Message) {}, conn.SubscribeOptions{Headers: badSelector})
	return err
}

// The table says whether an ERROR names the receipt of its frame, and whether the broker closes the connection after it.
func TestLiveErrors(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
			c := tg.dial(t, version(v))
			table := tableOf(t, c)
			err := fail(t, tg, c)
			var refused *conn.ServerError
			if !errors.As(err, &refused) || (refused.ReceiptID != "") != table.ErrorNamesReceipt {
				t.Errorf("error %v; the table says that it names its receipt: %t", err, table.ErrorNamesReceipt)
			}
			closes, most := false, quiet
			if table.ErrorCloses.Has(v) {
				most = patience
			}
			select {
			case <-c.Done():
				closes = true
			case <-time.After(most):
			}
			if closes != table.ErrorCloses.Has(v) {
				t.Errorf("it closes the connection: %t; the table says otherwise", closes)
			}
		})
	})
}

// Few receipts confirm all messages where a receipt holds for those before it; elsewhere each has its own.
func TestLiveReceiptEvery(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		const sent = 2000
		c, q := tg.dial(t, nil), queue()
		var got outcomes
		p, err := c.NewProducer(conn.ProducerConfig{
			Destination: q, Hints: []hint.Hint{hint.Persistent(), hint.Anycast()}, Window: 500, ReceiptEvery: 50, OnOutcome: got.note,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := c.Stats().FramesIn
		for range sent {
			if _, err := p.Send(within(t), []byte("a message")); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(within(t)); err != nil {
			t.Fatal(err)
		}
		if confirmed := got.check(t, sent); confirmed != sent {
			t.Errorf("%d of %d are confirmed", confirmed, sent)
		}
		receipts := c.Stats().FramesIn - before
		t.Logf("%d receipts for %d messages", receipts, sent)
		if !tableOf(t, c).ReceiptsCumulative && receipts != sent {
			t.Errorf("%d receipts for %d messages that each need one", receipts, sent)
		}
		in := subscribe(t, c, q, frame.AckAuto)
		for range sent {
			in.next(t)
		}
	})
}
