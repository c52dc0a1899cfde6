package interop_test

import (
	"testing"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// What a connection did not acknowledge is delivered again after its end, marked as such; the rest is not.
func TestAckModes(t *testing.T) {
	cases := []struct {
		name string
		mode frame.AckMode
		from frame.Version
		acks []int // which of the messages are acknowledged
		back []string
	}{
		{"auto", frame.AckAuto, frame.Version10, nil, nil},
		{"client-none", frame.AckClient, frame.Version10, nil, []string{"a", "b", "c", "d"}},
		{"client-second", frame.AckClient, frame.Version10, []int{1}, []string{"c", "d"}}, // an ACK covers those before
		{"client-last", frame.AckClient, frame.Version10, []int{3}, nil},
		{"individual-some", frame.AckClientIndividual, frame.Version11, []int{1, 3}, []string{"a", "c"}},
		{"individual-backwards", frame.AckClientIndividual, frame.Version11, []int{3, 2, 1, 0}, nil},
	}
	overEach(t, func(t *testing.T, tg target) {
		for _, test := range cases {
			t.Run("ack="+test.name, func(t *testing.T) {
				overVersions(t, test.from, func(t *testing.T, v frame.Version) {
					q := queue()
					c := tg.dial(t, version(v))
					in := subscribe(t, c, q, test.mode)
					confirm(t, c, q, "a", "b", "c", "d")
					ms := in.expect(t, "a", "b", "c", "d")
					for _, i := range test.acks {
						in.ack(t, ms[i])
					}
					disconnect(t, c)

					again := subscribe(t, tg.dial(t, version(v)), q, frame.AckAuto)
					for _, m := range again.expectBack(t, tg, test.back...) {
						if !m.Redelivered() && !(tg.marksFirst && string(m.Body) != test.back[0]) {
							t.Errorf("%s is not marked as delivered before", m.Body)
						}
					}
					if test.mode == frame.AckAuto && tg.lateAuto {
						again.expectEnd(t, "d")
					} else {
						again.expectEnd(t)
					}
				})
			})
		}
	})
}

// A connection that is cut, not ended in good order, gives back what it has not acknowledged as well.
func TestAckMissingAfterClose(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		comesBack(t, tg, func(most time.Duration) bool {
			c, q := tg.dial(t, nil), queue()
			in := subscribe(t, c, q, frame.AckClientIndividual)
			confirm(t, c, q, "a", "b")
			in.expect(t, "a", "b")
			_ = c.Close()
			again := subscribe(t, tg.dial(t, nil), q, frame.AckClient)
			back := again.back(t, tg, most, "a", "b")
			if len(back) < 2 {
				return false
			}
			again.ack(t, back[1])
			again.expectEnd(t)
			disconnect(t, again.c)
			return true
		})
	})
}
