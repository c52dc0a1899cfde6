package load

import (
	"sync"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Sample is the counts since the previous sample.
type Sample struct {
	Elapsed  time.Duration // since the first message
	Interval time.Duration // since the previous sample

	// Counts are what was sent, confirmed and received in the interval, and what else consumers count;
	// received are messages of this run, repeats included.
	Counts    metric.Counts
	TotalSent uint64
	Backlog   uint64 // sent and not yet received, all groups together

	Latencies Latencies     // of the interval
	Warmup    Latencies     // of the warm-up, which are in no others; nil in a run without one
	CPU       time.Duration // of this process; 0 if the system does not report it
	Sending   bool          // false once all messages were sent
}

// Values returns the metrics of the interval.
func (s *Sample) Values() (v metric.Values) {
	v.SetCounts(&s.Counts)
	v.SetCount(metric.Backlog, s.Backlog)
	v.Set(metric.CPU, s.CPU.Round(time.Microsecond).Seconds())
	return v
}

// sampler adds up the state of all workers, once a second. It is for one goroutine at a time.
type sampler struct {
	last struct {
		at     int64
		counts metric.Counts
		cpu    time.Duration
	}
	maxBacklog              uint64
	backlog                 trend       // after the warm-up, while messages are sent
	cpu                     trend       // CPU time used, while messages are sent
	stood                   standstills // while messages were sent
	sending                 bool
	interval, total, warmup Latencies
}

func (s *sampler) init(dueIsSent bool) {
	s.interval, s.total, s.warmup = newLatencies(), newLatencies(), newLatencies()
	if dueIsSent {
		s.interval[metric.FromDue], s.total[metric.FromDue] = s.interval[metric.FromSend], s.total[metric.FromSend]
	}
}

// startSampling takes a sample every second until stop is called, which takes a last one; now takes
// one at once.
func (r *run) startSampling() (now, stop func()) {
	s := &r.sampler
	s.last.at, s.last.cpu, s.sending = r.start, r.cpuTime(), true
	ask := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		look := time.NewTicker(r.lookEvery())
		defer look.Stop()
		for waiting := r.clock.Now(); ; waiting = r.clock.Now() {
			select {
			case <-look.C:
				r.stoodStill(waiting)
				r.look()
			case <-tick.C:
				r.stoodStill(waiting)
				r.sample()
			case _, more := <-ask: // sending is over, or all is
				r.stoodStill(waiting)
				s.sending = false
				r.sample()
				if !more {
					return
				}
				ask <- struct{}{}
			}
		}
	})
	now = func() {
		ask <- struct{}{}
		<-ask
	}
	stop = func() {
		close(ask)
		wg.Wait()
	}
	return now, stop
}

// sample collects a sample and calls OnSample.
func (r *run) sample() {
	out := r.collect()
	if r.OnSample != nil {
		r.OnSample(&out)
	}
}

// How often the backlog is sampled, unless there are more streams and subscriptions than oftenUpTo.
// A sample takes the lock or counter of each, and this keeps the cost of all samples below one
// percent of a processor.
const (
	often     = 10 * time.Millisecond
	oftenUpTo = 1000
)

func (r *run) lookEvery() time.Duration {
	n := len(r.streams) + len(r.consumers)
	return often * time.Duration(max(1, (n+oftenUpTo-1)/oftenUpTo))
}

// stoodStill records whether the process did not run while the sampler waited.
func (r *run) stoodStill(waiting int64) {
	if s, now := &r.sampler, r.clock.Now(); s.sending {
		s.stood.look(waiting, now, r.lookEvery())
		s.cpu.add(now, float64(r.cpuTime()))
	}
}

// look samples the backlog. It costs the messages nothing.
func (r *run) look() {
	now := r.clock.Now()
	wanted, received := r.wanted(), uint64(0)
	for _, c := range r.consumers {
		c.mu.Lock()
		received += c.tally.counts[metric.Received]
		c.mu.Unlock()
	}
	s := &r.sampler
	backlog := behind(wanted, received)
	s.maxBacklog = max(s.maxBacklog, backlog)
	if len(r.producers) > 0 && len(r.consumers) > 0 && now >= r.measureFrom.Load() && !r.stopping.Load() {
		s.backlog.add(now, float64(backlog))
	}
}

// behind is the backlog. wanted must be read first: messages received between the two readings make
// it too small, never too large.
func behind(wanted, received uint64) uint64 { return wanted - min(received, wanted) }

// collect adds up what happened since the previous call.
func (r *run) collect() Sample {
	s := &r.sampler
	now := r.clock.Now()
	wanted := r.wanted() // read before the received count: see behind
	counts := r.arrived(nil).counts
	r.eachProducer(func(p *producer) {
		p.confirms[0].flush()
		p.confirms[1].flush()
		for _, s := range p.streams {
			counts[metric.Sent] += s.sent.Load()
			counts[metric.Confirmed] += s.confirmed.Len()
		}
	})
	r.recorders[measured].drain(s.interval, s.total)
	cpu := r.cpuTime()

	out := Sample{
		Elapsed:   time.Duration(now - r.start),
		Interval:  time.Duration(now - s.last.at),
		TotalSent: counts[metric.Sent],
		Backlog:   behind(wanted, counts[metric.Received]),
		Latencies: s.interval,
		CPU:       cpu - s.last.cpu,
		Sending:   !r.stopping.Load(),
	}
	for id, n := range counts {
		out.Counts[id] = n - s.last.counts[id]
	}
	if to := r.recorders[warmUp]; to != nil {
		to.drain(s.warmup)
		out.Warmup = s.warmup
	}
	s.maxBacklog = max(s.maxBacklog, out.Backlog)
	s.last.at, s.last.counts, s.last.cpu = now, counts, cpu
	return out
}
