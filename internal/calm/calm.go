// Package calm is for tests of what time does: of a run of a second, of a handshake that
// may take five. When the process stands still for as long, because it is stopped or the
// machine is, such a test sees what it would not have seen otherwise, and is told apart
// here from one that fails.
//
// Imports: the standard library.
package calm

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
	// mostTries is how often what failed meanwhile is tried, and mostTime for how long:
	// none is begun after that.
	mostTries = 12
	mostTime  = 2 * time.Minute
)

// Run calls try, and calls it again if it has failed and the process stood still
// meanwhile. What fails without that has failed. What was disturbed in each of many
// tries is skipped: nobody knows. The cleanups of try run at the end of t.
func Run(t *testing.T, try func(t testing.TB)) {
	t.Helper()
	began := time.Now()
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
		case n == mostTries || time.Since(began) > mostTime:
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
