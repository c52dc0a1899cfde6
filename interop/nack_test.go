package interop_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestNack(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
			c, q, mark := tg.dial(t, version(v)), queue(), rand.Text()
			in := subscribe(t, c, q, frame.AckClientIndividual)
			// ActiveMQ buries only what is persistent.
			err := c.SendReceipt(within(t), q, []byte("refused"), frame.Field{Name: "persistent", Value: "true"},
				frame.Field{Name: "mark", Value: mark})
			if err != nil {
				t.Fatal(err)
			}
			if err := in.expect(t, "refused")[0].Nack(); err != nil {
				t.Fatal(err)
			}
			switch tg.nack {
			case redelivered:
				again := in.expect(t, "refused")[0]
				if !again.Redelivered() {
					t.Error("not marked as delivered before")
				}
				in.ack(t, again)
			case buried:
				// Others use that queue as well.
				grave := subscribe(t, c, tg.deadLetters, frame.AckAuto, frame.Field{Name: "selector", Value: "mark = '" + mark + "'"})
				grave.expect(t, "refused")
			case dropped:
			}
			in.expectEnd(t)
			disconnect(t, c)
		})
	})
}

// 1.0 has no NACK. That is found out before the broker is bothered.
func TestNackIsNotIn10(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, version(frame.Version10)), queue()
		in := subscribe(t, c, q, frame.AckClient)
		confirm(t, c, q, "one")
		m := in.next(t)
		if err := m.Nack(); !errors.Is(err, writer.ErrCommand) {
			t.Errorf("Nack: %v", err)
		}
		in.ack(t, m)
		in.expectEnd(t)
		disconnect(t, c)
	})
}
