package conn

import (
	"strconv"
	"testing"
)

// Ids are never used twice. The table must not grow with every subscription that there ever was, because each change copies it.
func TestSubscriptionTableStaysSmall(t *testing.T) {
	table := new(routes)
	for i := range 3 * maxBySeq {
		s := &Subscription{id: strconv.Itoa(i + 1)}
		table = table.with(s)
		if table.find([]byte(s.id)) != s {
			t.Fatalf("subscription %s is not found", s.id)
		}
		table = table.without(s)
		if table.find([]byte(s.id)) != nil {
			t.Fatalf("subscription %s is still found", s.id)
		}
	}
	if len(table.bySeq) > maxBySeq+1 || len(table.byName) != 0 {
		t.Fatalf("no subscription is left, the table has %d and %d places", len(table.bySeq), len(table.byName))
	}
}

// A name that a number of ours could have finds its own subscription.
func TestRoutesOfNames(t *testing.T) {
	table := new(routes)
	subs := map[string]*Subscription{}
	for _, id := range []string{"1", "01", "+1", "1 ", "mine", "1025", "999999999", "1000000000", "18446744073709551617"} {
		subs[id] = &Subscription{id: id}
		table = table.with(subs[id])
	}
	for id, s := range subs {
		if table.find([]byte(id)) != s {
			t.Errorf("%q is not found", id)
		}
	}
	for _, id := range []string{"", "2", "001", "10000000000", "x"} {
		if table.find([]byte(id)) != nil {
			t.Errorf("%q is found", id)
		}
	}
}
