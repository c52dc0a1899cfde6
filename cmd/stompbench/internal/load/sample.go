package load

import (
	"sync"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Sample is what happened since the sample before.
type Sample struct {
	Elapsed  time.Duration // since the first message
	Interval time.Duration // since the sample before

	Sent, Confirmed, Received uint64 // in the interval
	TotalSent                 uint64
	Backlog                   uint64 // sent and not yet received, all groups together

	// Of the interval.
	FromSend, FromDue, Delay, Confirm *histo.Histogram
	Warmup                            *Warmup       // nil in a run without one
	CPU                               time.Duration // of this process; 0 where the system does not tell
	Sending                           bool          // false once only stragglers come in
}

// sampler adds up the workers' state, once a second.
type sampler struct {
	mu   sync.Mutex // one collection at a time
	last struct {
		at                        int64
		sent, confirmed, received uint64
		cpu                       time.Duration
	}
	maxBacklog uint64
	backlog    trend // after the warm-up, while messages are sent
	// Of the interval, and of the whole run.
	send, due, delay, confirm                     *histo.Histogram
	totalSend, totalDue, totalDelay, totalConfirm *histo.Histogram
}

func (s *sampler) init() {
	for _, h := range []**histo.Histogram{&s.send, &s.due, &s.delay, &s.confirm, &s.totalSend, &s.totalDue, &s.totalDelay, &s.totalConfirm} {
		*h = histo.New()
	}
}

// startSampling samples each second until stop is called, which takes a last sample;
// now takes one at once.
func (r *run) startSampling() (now, stop func()) {
	r.sampler.last.at, r.sampler.last.cpu = r.start, r.usage.cpuTime()
	done, ask := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		look := time.NewTicker(r.lookEvery())
		defer look.Stop()
		for {
			select {
			case <-look.C:
				r.look()
			case <-tick.C:
				r.sample()
			case <-ask:
				r.sample()
				ask <- struct{}{}
			case <-done:
				r.sample()
				return
			}
		}
	})
	now = func() {
		ask <- struct{}{}
		<-ask
	}
	stop = func() {
		close(done)
		wg.Wait()
	}
	return now, stop
}

// sample collects and tells.
func (r *run) sample() {
	out := r.collect()
	if r.OnSample != nil {
		r.OnSample(&out)
	}
}

// The backlog is looked at that often, unless there are more streams and
// subscriptions than oftenUpTo: a look takes each one's lock or counter, and this keeps
// all of them below one in a hundred of a processor.
const (
	often     = 10 * time.Millisecond
	oftenUpTo = 1000
)

func (r *run) lookEvery() time.Duration {
	n := len(r.streams) + len(r.consumers)
	return often * time.Duration(max(1, (n+oftenUpTo-1)/oftenUpTo))
}

// look takes note of the backlog. A message costs nothing for it.
func (r *run) look() {
	now := r.clock.Now()
	wanted, received := r.wanted(), uint64(0)
	for _, c := range r.consumers {
		c.mu.Lock()
		received += c.tally.intact
		c.mu.Unlock()
	}
	s := &r.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	backlog := behind(wanted, received)
	s.maxBacklog = max(s.maxBacklog, backlog)
	if len(r.producers) > 0 && len(r.consumers) > 0 && now >= r.measureFrom.Load() && !r.stopping.Load() {
		s.backlog.add(now, float64(backlog))
	}
}

// behind is the backlog, of which wanted was read first: what is received between the
// two makes it too small, never too large.
func behind(wanted, received uint64) uint64 { return wanted - min(received, wanted) }

// collect adds up what happened since the last time.
func (r *run) collect() Sample {
	s := &r.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	now := r.clock.Now()
	wanted := r.wanted() // before what has been received: see behind
	var sent, confirmed uint64
	for _, p := range r.producers {
		sent += p.sentLen()
		confirmed += p.confirmedLen()
	}
	received := r.tallies().intact
	for _, h := range []*histo.Histogram{s.send, s.due, s.delay, s.confirm} {
		h.Reset()
	}
	r.fromSend.Drain(s.send, s.totalSend)
	r.fromDue.Drain(s.due, s.totalDue)
	r.delay.Drain(s.delay, s.totalDelay)
	r.confirm.Drain(s.confirm, s.totalConfirm)
	cpu := r.usage.cpuTime()

	out := Sample{
		Elapsed:   time.Duration(now - r.start),
		Interval:  time.Duration(now - s.last.at),
		Sent:      sent - s.last.sent,
		Confirmed: confirmed - s.last.confirmed,
		Received:  received - s.last.received,
		TotalSent: sent,
		FromSend:  s.send, FromDue: s.due, Delay: s.delay, Confirm: s.confirm,
		CPU:     cpu - s.last.cpu,
		Sending: !r.stopping.Load(),
	}
	out.Backlog = behind(wanted, received)
	if r.dueIsSent() {
		out.FromDue = out.FromSend
	}
	out.Warmup = r.warmup.drain()
	s.maxBacklog = max(s.maxBacklog, out.Backlog)
	s.last.at, s.last.sent, s.last.confirmed, s.last.received, s.last.cpu = now, sent, confirmed, received, cpu
	return out
}
