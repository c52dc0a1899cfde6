package cli_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// standstill is how long this process does not run when it was stopped, or the
	// machine stood still, rather than being slow.
	standstill = 100 * time.Millisecond
	// mostTries is how often what failed meanwhile is tried.
	mostTries = 12
)

// calmly is for tests of what time does to a run. A process that stands still for a
// second has sent nothing in it, and a run of a second is judged, rightly, by that. So
// try is called again when it has failed and the process stood still meanwhile. What
// fails without that has failed.
func calmly(t *testing.T, try func(t testing.TB)) {
	t.Helper()
	for n := 1; ; n++ {
		over := watchTime()
		a := &attempt{TB: t}
		a.run(try)
		still := over()
		switch {
		case !a.failed && a.skipped == "":
			return
		case still < standstill && a.failed:
			t.Fatal(a.said.String())
		case still < standstill:
			t.Skip(a.skipped)
		case n == mostTries:
			t.Skipf("this machine stands still all the time, for %v in try %d: %s%s", still, n, a.skipped, a.said.String())
		}
		t.Logf("try %d, which stood still for %v: %s%s", n, still, a.skipped, a.said.String())
	}
}

// watchTime watches until it is over, which returns for how long at a time this process
// has not run at most.
func watchTime() (over func() time.Duration) {
	end, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		const look = 5 * time.Millisecond
		tick := time.NewTicker(look)
		defer tick.Stop()
		most, last := time.Duration(0), time.Now()
		for {
			select {
			case <-tick.C:
			case <-end:
				longest <- max(most, time.Since(last)-look)
				return
			}
			now := time.Now()
			most, last = max(most, now.Sub(last)-look), now
		}
	}()
	return func() time.Duration {
		close(end)
		return <-longest
	}
}

// attempt is a test whose failure is not final.
type attempt struct {
	testing.TB
	mu      sync.Mutex
	failed  bool
	skipped string
	said    strings.Builder
}

// run calls try on a goroutine of its own, which FailNow ends.
func (a *attempt) run(try func(testing.TB)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		try(a)
	}()
	<-done
}

func (a *attempt) Errorf(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
	fmt.Fprintf(&a.said, format+"\n", args...)
}

func (a *attempt) Error(args ...any) { a.Errorf("%s", strings.TrimSuffix(fmt.Sprintln(args...), "\n")) }

func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

func (a *attempt) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

func (a *attempt) Skipf(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (a *attempt) Fail()    { a.Errorf("failed") }
func (a *attempt) FailNow() { a.Fatal("failed") }
func (a *attempt) Failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}
func (a *attempt) Skip(args ...any) { a.Skipf("%s", fmt.Sprint(args...)) }
func (a *attempt) SkipNow()         { a.Skipf("skipped") }

// What fails while nothing stands still has failed, at once; what stood still is tried
// again, but not for ever.
func TestCalmly(t *testing.T) {
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
