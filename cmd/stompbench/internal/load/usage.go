package load

import (
	"runtime"
	"sync"
	"time"
)

// usage is what this process has used up.
type usage struct {
	cpu     time.Duration
	wall    time.Time
	mallocs uint64
	gcs     uint32
	gcPause time.Duration
}

func readUsage() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{
		cpu: cpuTime(), wall: time.Now(),
		mallocs: m.Mallocs, gcs: m.NumGC, gcPause: time.Duration(m.PauseTotalNs),
	}
}

// Cost is what a run took from the machine: this process alone, with the embedded
// broker if there is one.
type Cost struct {
	CPU         time.Duration // 0 where the system does not tell
	Wall        time.Duration
	Allocations uint64
	GCs         uint32
	GCPause     time.Duration
}

// usageFrom is what this process had used up when measuring began.
type usageFrom struct {
	mu    sync.Mutex
	at    usage
	timer *time.Timer
}

// begin begins to measure when the warm-up is over.
func (u *usageFrom) begin(warmup time.Duration) {
	read := func() {
		now := readUsage()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.at = now
	}
	read()
	if warmup > 0 {
		u.timer = time.AfterFunc(warmup, read)
	}
}

// cost returns what was used up since.
func (u *usageFrom) cost() Cost {
	if u.timer != nil {
		u.timer.Stop()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return readUsage().since(u.at)
}

func (u usage) since(start usage) Cost {
	return Cost{
		CPU: u.cpu - start.cpu, Wall: u.wall.Sub(start.wall),
		Allocations: u.mallocs - start.mallocs,
		GCs:         u.gcs - start.gcs, GCPause: u.gcPause - start.gcPause,
	}
}
