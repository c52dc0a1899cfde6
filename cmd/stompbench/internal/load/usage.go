package load

import (
	"context"
	"os"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/prometheus/procfs"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

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
	Starved       time.Duration // total time that threads were ready to run and had no processor
	MachineBusy   float64       // used share of all processors' time
}

// usage is what this process and the machine have used so far.
type usage struct {
	Cost        // without what is of threads and of the machine
	at          time.Time
	threads     map[int]threadTime // by thread id; nil if the system does not report it
	busy, total time.Duration      // of all processors together; 0 if the system does not report it
}

// threadTime is how long a thread ran, and how long it could have run but had no processor.
type threadTime struct{ cpu, starved time.Duration }

// readUsage reads what has been used; in the world of a test, that is only CPU time.
func readUsage(ctx context.Context) usage {
	u := usage{at: time.Now(), Cost: Cost{CPU: cpuClock(ctx)(), Cores: runtime.GOMAXPROCS(0)}}
	if world.Of(ctx) != nil {
		return u
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Allocations, u.GCs, u.GCPause = m.Mallocs, m.NumGC, time.Duration(m.PauseTotalNs)
	gc := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(gc)
	// Idle-priority garbage collection took nothing from the run.
	u.GCCPU = inSeconds(gc[0].Value.Float64() - gc[1].Value.Float64())
	u.threads = threadTimes()
	u.busy, u.total = machineTimes()
	return u
}

// cpuClock returns the CPU time of this process in the world of ctx.
func cpuClock(ctx context.Context) func() time.Duration {
	switch w := world.Of(ctx); {
	case w == nil:
		return cpuTime
	case w.CPU == nil:
		return func() time.Duration { return 0 }
	default:
		return w.CPU
	}
}

// measureCost begins to measure when the warm-up is over. cost returns what was used since, or since
// the start if it is not over.
func measureCost(ctx context.Context, warmup time.Duration) (cost func() Cost) {
	var from atomic.Pointer[usage]
	begin := func() {
		u := readUsage(ctx)
		from.Store(&u)
	}
	begin()
	stop := func() bool { return true }
	if warmup > 0 {
		stop = time.AfterFunc(warmup, begin).Stop
	}
	return func() Cost {
		stop()
		return readUsage(ctx).since(from.Load())
	}
}

// since returns what was used since an earlier reading.
func (u usage) since(from *usage) Cost {
	c := u.Cost
	c.CPU -= from.CPU
	c.Wall = u.at.Sub(from.at)
	c.Allocations -= from.Allocations
	c.GCs -= from.GCs
	c.GCPause -= from.GCPause
	c.GCCPU = max(0, c.GCCPU-from.GCCPU)
	for id, t := range u.threads {
		before := from.threads[id]
		c.BusiestThread = max(c.BusiestThread, t.cpu-before.cpu)
		c.Starved += max(0, t.starved-before.starved)
	}
	if total := u.total - from.total; total > 0 {
		// The counters of some states decrease slightly now and then.
		c.MachineBusy = min(1, max(0, float64(u.busy-from.busy)/float64(total)))
	}
	return c
}

// threadTimes returns the times of each thread of this process, none where there is no /proc. The
// times of a thread that ends between two calls are lost; the runtime keeps its threads.
func threadTimes() map[int]threadTime {
	threads, err := procfs.AllThreads(os.Getpid())
	if err != nil {
		return nil
	}
	times := make(map[int]threadTime, len(threads))
	for _, t := range threads {
		// schedstat has nanoseconds and starvation. A kernel built without it has stat.
		if s, err := t.Schedstat(); err == nil {
			times[t.PID] = threadTime{time.Duration(s.RunningNanoseconds), time.Duration(s.WaitingNanoseconds)}
		} else if s, err := t.Stat(); err == nil {
			times[t.PID] = threadTime{cpu: inSeconds(s.CPUTime())}
		}
	}
	return times
}

// machineTimes returns the time of all processors, 0 where there is no /proc.
func machineTimes() (busy, total time.Duration) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, 0
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0, 0
	}
	c := stat.CPUTotal // user and nice include the time of guests
	busy = inSeconds(c.User + c.Nice + c.System + c.IRQ + c.SoftIRQ + c.Steal)
	return busy, busy + inSeconds(c.Idle+c.Iowait)
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
