package conn

import "testing"

// Ids are never used twice; the table must not grow with every subscription that there ever was, for it is copied whole
// whenever one comes or goes.
func TestSubscriptionTableStaysSmall(t *testing.T) {
	var subs subscriptions
	for range 3 * maxBySeq {
		s := &Subscription{}
		if err := subs.add(s); err != nil {
			t.Fatal(err)
		}
		if subs.find([]byte(s.id)) != s {
			t.Fatalf("subscription %s is not found", s.id)
		}
		subs.remove(s)
		if subs.find([]byte(s.id)) != nil {
			t.Fatalf("subscription %s is still found", s.id)
		}
	}
	if table := subs.table.Load(); len(table.bySeq) > maxBySeq+1 || len(table.byName) != 0 {
		t.Fatalf("no subscription is left, the table has %d and %d places", len(table.bySeq), len(table.byName))
	}
}
