package broker

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// A COMMIT of which a part was carried out says so. That takes a destination that is forgotten between the moment when
// COMMIT has found room for all of them and its message, and another connection that takes its place.
func TestFailedCommitTellsWhatWasCarriedOut(t *testing.T) {
	b, err := New(Config{MaxDestinations: 2, MaxDestinationsPerConnection: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s := &session{b: b, version: frame.Version12, maker: new(maker), number: 1}
	post := func(names ...string) (failed int, err error) {
		tx := new(transaction)
		for _, name := range names {
			m := newMessage(100)
			m.measure()
			tx.steps = append(tx.steps, step{m: m, name: name})
		}
		if err := s.reach(tx); err != nil {
			t.Fatal(err)
		}
		b.registry.tidy(b.registry.find([]byte("/queue/b")))
		if _, err := b.registry.get(b, []byte("/queue/other"), new(maker)); err != nil {
			t.Fatal(err)
		}
		s.last = nil
		failed, err = s.carryOut(tx)
		b.registry.tidy(b.registry.find([]byte("/queue/other")))
		return failed, err
	}
	failed, err := post("/queue/b", "/queue/a", "/queue/b")
	if failed != 2 || err != errTooManyDestinations {
		t.Fatalf("%d failed, %v; want 2, %v", failed, err, errTooManyDestinations)
	}
	if says := commitFailure(failed, 3); !strings.Contains(says, "2 of its 3 steps") {
		t.Errorf("it says %q", says)
	}
	if d := b.registry.find([]byte("/queue/a")); d == nil || d.in != 1 {
		t.Error("the message that had a place is not in it")
	}
	if says := commitFailure(3, 3); says != "The transaction was not carried out." {
		t.Errorf("it says %q", says)
	}
}
