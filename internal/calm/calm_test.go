package calm

import (
	"testing"
	"time"
)

// What fails while nothing stands still has failed, at once; what stood still is tried
// again, but not for ever.
func TestAttempt(t *testing.T) {
	if still := func() time.Duration { over := watchTime(); return over() }(); still >= standstill {
		t.Skipf("this process stands still: %v", still)
	}
	a := &attempt{TB: t}
	a.run(func(t testing.TB) {
		t.Error("one", 2)
		t.Fatalf("three %d", 4)
		panic("not reached")
	})
	if said := a.said.String(); !a.Failed() || said != "one 2\nthree 4\n" {
		t.Errorf("%v, %q", a.failed, said)
	}
	a = &attempt{TB: t}
	a.run(func(t testing.TB) { t.Skip("why ", 5) })
	if a.Failed() || a.skipped != "why 5" {
		t.Errorf("%v, %q", a.failed, a.skipped)
	}
}
