// Package procs gives a run no more processors than it needs.
//
// A client that reads frame by frame, as brokers send them, is woken for each. With a
// processor idle, Go's scheduler then also wakes that one to look for work, which costs
// more than handling the frame; and if the broker is on the same machine, it is the
// broker's processor. So a run that shall be as fast as the broker begins with one
// processor, and gets more as soon as it keeps those that it has busy.
//
// Imports: the standard library only.
package procs

import (
	"runtime"
	"sync"
	"time"
)

const (
	// lookEvery is how often it looks: at a run's pace, soon, and at no cost.
	lookEvery = 50 * time.Millisecond
	// busy is the share of the processors' time from which on there have to be more.
	// A run must not come near to what would make it the limit.
	busy = 0.6
)

// Governor changes how many processors Go uses, from 1 up to as many as it used
// before. It is the process's: of several, the first to end gives all back.
type Governor struct {
	most int
	stop chan struct{}
	done sync.WaitGroup
}

// Govern begins with one processor. used returns the processor time that this process
// has used so far; where it returns 0, nothing is done. Call Stop at the end. It is
// not for processes whose environment sets GOMAXPROCS: Stop goes back to Go's default.
func Govern(used func() time.Duration) *Governor {
	g := &Governor{most: runtime.GOMAXPROCS(0), stop: make(chan struct{})}
	if g.most > 1 && used() > 0 {
		runtime.GOMAXPROCS(1)
		g.done.Go(func() { g.govern(used) })
	}
	return g
}

// Stop ends it, and gives all processors back. It may be called on nil.
func (g *Governor) Stop() {
	if g == nil {
		return
	}
	close(g.stop)
	g.done.Wait()
	if runtime.GOMAXPROCS(0) < g.most {
		runtime.SetDefaultGOMAXPROCS()
	}
}

func (g *Governor) govern(used func() time.Duration) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	at, cpu := time.Now(), used()
	for n := 1; n < g.most; {
		select {
		case <-tick.C:
		case <-g.stop:
			return
		}
		now, total := time.Now(), used()
		if want := next(n, g.most, total-cpu, now.Sub(at)); want != n {
			n = want
			runtime.GOMAXPROCS(n)
		}
		at, cpu = now, total
	}
}

// next returns how many of at most most processors to use after n of them ran for cpu
// of the time wall.
func next(n, most int, cpu, wall time.Duration) int {
	if float64(cpu) > busy*float64(n)*float64(wall) {
		return min(2*n, most)
	}
	return n
}
