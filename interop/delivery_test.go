package interop_test

import (
	"strconv"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// A queue keeps the messages that are sent before the first subscription, in order.
func TestQueue(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			confirm(t, c, q, "one", "two")
			in := subscribe(t, c, q, frame.AckAuto)
			in.expect(t, "one", "two")
			confirm(t, c, q, "three")
			m := in.next(t)
			id := m.Header.Text(frame.HeaderMessageID)
			if string(m.Body) != "three" || string(m.Destination()) != q || id == "" || m.Subscription() != in.sub {
				t.Errorf("body %q, destination %q, message-id %q", m.Body, m.Destination(), id)
			}
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}

// Each message of a queue goes to one of the waiting consumers.
func TestQueueSharesItsMessages(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, nil), queue()
		one := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
		two := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
		const count = 20
		for i := range count {
			confirm(t, c, q, strconv.Itoa(i))
		}
		seen := make(map[string]bool)
		for range count {
			var m *conn.Message
			select {
			case m = <-one.got:
			case m = <-two.got:
			case <-within(t).Done():
				t.Fatalf("%d of %d messages came", len(seen), count)
			}
			if seen[string(m.Body)] {
				t.Errorf("message %s came twice", m.Body)
			}
			seen[string(m.Body)] = true
		}
	})
}

// A topic gives each subscription of the moment every message, and keeps none for later.
func TestTopic(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, other, to := tg.dial(t, version(v)), tg.dial(t, version(v)), topic()
			confirm(t, c, to, "nobody hears this")
			one, two := subscribe(t, c, to, frame.AckAuto), subscribe(t, other, to, frame.AckAuto)
			confirm(t, c, to, "one", "two")
			one.expect(t, "one", "two")
			two.expect(t, "one", "two")
			one.expectEnd(t)
			disconnect(t, c)
			disconnect(t, other)
		})
	})
}

func TestUnsubscribeStopsDelivery(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version10, func(t *testing.T, v frame.Version) {
			c, q := tg.dial(t, version(v)), queue()
			first := subscribe(t, c, q, frame.AckClient)
			confirm(t, c, q, "one")
			first.ack(t, first.expect(t, "one")...)
			if err := first.sub.Unsubscribe(within(t)); err != nil {
				t.Fatal(err)
			}
			confirm(t, c, q, "two")
			second := subscribe(t, c, q, frame.AckAuto)
			second.expect(t, "two")
			second.expectEnd(t)
			if len(first.got) > 0 {
				t.Errorf("%q came after the broker had confirmed UNSUBSCRIBE", (<-first.got).Body)
			}
			if n := c.Stats().Unsolicited; n > 0 {
				t.Errorf("%d messages came for a subscription that had ended", n)
			}
		})
	})
}
