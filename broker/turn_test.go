package broker_test

import (
	"testing"

	"github.com/stompwire/stompwire/broker"
)

// Consumers of a queue take turns, whatever their ack modes.
func TestTurnsOfAckModes(t *testing.T) {
	for _, modes := range [][]string{{"auto", "client-individual"}, {"client-individual", "auto"}, {"auto", "client", "auto"}} {
		b := start(t, broker.Config{})
		c := connect(t, b, "1.2")
		for i, mode := range modes {
			c.subscribe(string(rune('a'+i)), "/queue/q", mode)
		}
		came := map[string]int{}
		const each = 5
		for range each * len(modes) {
			c.send("/queue/q", "x")
			came[c.expectBody("x").get("subscription")]++
		}
		for id, n := range came {
			if n != each {
				t.Errorf("%v: %q got %d messages, want %d", modes, id, n, each)
			}
		}
		if len(came) != len(modes) {
			t.Errorf("%v: only %v got anything", modes, came)
		}
		c.nc.Close()
	}
}
