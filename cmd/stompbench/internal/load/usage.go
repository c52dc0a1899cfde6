package load

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// usage is the resources that this process and the machine have used.
type usage struct {
	cpu     time.Duration
	wall    time.Time
	mallocs uint64
	gcs     uint32
	gcPause time.Duration
	gcCPU   time.Duration
	threads map[int]threadTime // by thread id; nil if the system does not report it
	machine machineTime
}

// threadTime is how long a thread ran, and how long it could have run but had no
// processor.
type threadTime struct{ cpu, starved time.Duration }

// machineTime is the CPU time of all processors together; 0 if the system does not report it.
type machineTime struct{ busy, total time.Duration }

func readUsage() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	gc := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(gc)
	return usage{
		cpu: cpuTime(), wall: time.Now(),
		mallocs: m.Mallocs, gcs: m.NumGC, gcPause: time.Duration(m.PauseTotalNs),
		// Idle-priority garbage collection took nothing from the run.
		gcCPU:   inSeconds(gc[0].Value.Float64() - gc[1].Value.Float64()),
		threads: threadTimes(), machine: readMachine(),
	}
}

// Cost is the resources that a run used: this process, with the embedded broker if there is one.
// Values that the system does not report are 0.
type Cost struct {
	CPU         time.Duration
	Wall        time.Duration
	Cores       int // processors that this process may use at a time
	Allocations uint64
	GCs         uint32
	GCPause     time.Duration
	GCCPU       time.Duration // as of the last collection, without idle-priority work

	BusiestThread time.Duration // CPU time of the busiest thread
	Threads       int           // threads that used CPU time; 0 if the system does not report it
	Starved       time.Duration // total time that threads were ready to run and had no processor
	MachineBusy   float64       // used share of all processors' time
}

// usageFrom is the resources that this process had used when measuring began.
type usageFrom struct {
	read    func() usage
	cpuTime func() time.Duration

	mu    sync.Mutex
	at    usage
	timer *time.Timer
}

// in sets what is measured: in the world of a test, only CPU time.
func (u *usageFrom) in(w *world.World) {
	u.read, u.cpuTime = readUsage, cpuTime
	if w == nil {
		return
	}
	u.cpuTime = func() time.Duration { return 0 }
	if w.CPU != nil {
		u.cpuTime = w.CPU
	}
	u.read = func() usage { return usage{wall: time.Now(), cpu: u.cpuTime()} }
}

// begin starts to measure when the warm-up is over.
func (u *usageFrom) begin(warmup time.Duration) {
	read := func() {
		now := u.read()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.at = now
	}
	read()
	if warmup > 0 {
		u.timer = time.AfterFunc(warmup, read)
	}
}

// cost returns the resources used since begin.
func (u *usageFrom) cost() Cost {
	if u.timer != nil {
		u.timer.Stop()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.read().since(u.at)
}

func (u usage) since(start usage) Cost {
	c := Cost{
		CPU: u.cpu - start.cpu, Wall: u.wall.Sub(start.wall),
		Cores:       runtime.GOMAXPROCS(0),
		Allocations: u.mallocs - start.mallocs,
		GCs:         u.gcs - start.gcs, GCPause: u.gcPause - start.gcPause,
		GCCPU: max(0, u.gcCPU-start.gcCPU),
	}
	for id, t := range u.threads {
		before := start.threads[id]
		if used := t.cpu - before.cpu; used > 0 {
			c.Threads++
			c.BusiestThread = max(c.BusiestThread, used)
		}
		c.Starved += max(0, t.starved-before.starved)
	}
	if total := u.machine.total - start.machine.total; total > 0 {
		// The counters of some states decrease slightly now and then.
		c.MachineBusy = min(1, max(0, float64(u.machine.busy-start.machine.busy)/float64(total)))
	}
	return c
}
