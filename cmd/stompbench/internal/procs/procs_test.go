package procs

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	const wall = time.Second
	for _, c := range []struct {
		n, most int
		cpu     time.Duration
		want    int
	}{
		{1, 8, 0, 1},
		{1, 8, wall / 2, 1},
		{1, 8, wall * 7 / 10, 2},
		{2, 8, wall * 7 / 10, 2},
		{2, 8, wall * 3 / 2, 4},
		{4, 6, 4 * wall, 6},
		{6, 6, 6 * wall, 6},
	} {
		if got := next(c.n, c.most, c.cpu, wall); got != c.want {
			t.Errorf("%d of %d processors that ran for %v of %v: then %d, want %d", c.n, c.most, c.cpu, wall, got, c.want)
		}
	}
}

// A run that is busy gets all processors, and one that is not stays with the one.
func TestGovern(t *testing.T) {
	byDefault := runtime.GOMAXPROCS(4)
	defer runtime.SetDefaultGOMAXPROCS()
	var used atomic.Int64 // by a process with so many processors
	used.Store(1)
	busyOn := func(n int64) func() time.Duration {
		start := time.Now()
		return func() time.Duration { return time.Since(start)*time.Duration(n) + 1 }
	}

	g := Govern(func() time.Duration { return time.Duration(used.Load()) })
	time.Sleep(3 * lookEvery)
	if n := runtime.GOMAXPROCS(0); n != 1 {
		t.Errorf("%d processors for a run that needs none", n)
	}
	g.Stop()
	if n := runtime.GOMAXPROCS(0); n != byDefault {
		t.Errorf("%d processors after the run, want the default, %d", n, byDefault)
	}

	runtime.GOMAXPROCS(4)
	g = Govern(busyOn(4))
	for runtime.GOMAXPROCS(0) != 4 {
		time.Sleep(time.Millisecond) // or the test is ended
	}
	g.Stop()

	g = Govern(func() time.Duration { return 0 })
	if n := runtime.GOMAXPROCS(0); n != 4 {
		t.Errorf("%d processors where the system does not tell what is used", n)
	}
	g.Stop()

	g = nil
	g.Stop()
}
