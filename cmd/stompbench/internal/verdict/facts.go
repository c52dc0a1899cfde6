package verdict

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// LateAfter is how late a message leaves that counts as late.
const LateAfter = time.Millisecond

// Facts are the input of the rules. A zero means not measured.
type Facts struct {
	Rate      float64       // asked for; 0 is flat out
	Tolerance float64       // share of the messages due that may be missing
	Planned   time.Duration // how long the run should send; with a rate, also if it has a count
	Counted   bool          // it should end with a count, however long that takes
	Sending   time.Duration // how long it did send
	Receiving time.Duration // from the start to the last message
	Sent      uint64
	Unsent    uint64  // due and not sent
	Late      uint64  // of those sent
	Backlog   uint64  // maximum of messages sent and not yet received
	Growth    float64 // of the backlog, in messages per second; 0 if not known
	Window    int
	Embedded  bool // the broker is in this process

	Cost      load.Cost
	Waits     load.Waits
	RoundTrip time.Duration // the shortest receipt time, including that of SUBSCRIBE
	Confirm   time.Duration // median
}

// FactsOf returns the facts of a run.
func FactsOf(p *workload.Plan, r *load.Result) Facts {
	f := Facts{
		Rate: p.Rate, Tolerance: p.RateTolerance, Planned: p.Duration, Sending: r.Sending, Receiving: r.Receiving,
		Sent: r.Books.Sent, Unsent: r.Unsent, Late: late(r.Delay), Backlog: r.MaxBacklog, Growth: r.BacklogSlope,
		Window: p.Window, Embedded: p.Embedded,
		Cost: r.Cost, Waits: r.Waits,
		RoundTrip: r.RoundTrip, Confirm: r.Confirm.Percentile(50),
	}
	// For the first receipts of a run the broker is still idle.
	if r.Confirm.Count() > 0 {
		f.RoundTrip = min(f.RoundTrip, r.Confirm.Min())
	}
	if p.Rate > 0 && p.Count > 0 && p.Warmup == 0 && len(p.Profile) < 2 {
		byCount := time.Duration(float64(p.Count) / p.Rate * float64(time.Second))
		if f.Planned == 0 || byCount < f.Planned {
			f.Planned, f.Counted = byCount, true
		}
	}
	if r.Partial() {
		f.Planned = min(f.Planned, r.Sending)
	}
	return f
}

// late is how many messages left late.
func late(delay *histo.Histogram) uint64 {
	over := delay.Over(LateAfter)
	return over - min(over, delay.Censored())
}

// part is a over b, 0 if b is not known.
func part(a, b time.Duration) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// shares are the facts as shares of the time.
type shares struct {
	process, starved, thread, gc, gcPause, machine float64 // of processors
	window, send, pacer, making                    float64 // of the producers' time
	linger                                         float64 // of the busiest consumer's time
	late                                           float64 // of the schedule
	behind                                         float64 // of the producers' time: a message was due
	held                                           float64 // of that: window and send
}

func (f *Facts) shares() (s shares) {
	c, w := &f.Cost, &f.Waits
	s.process = part(c.CPU, c.Wall*time.Duration(c.Cores))
	s.starved = part(c.Starved, c.Wall*time.Duration(c.Cores))
	s.thread = part(c.BusiestThread, c.Wall)
	s.gc = part(c.GCCPU, c.CPU)
	s.gcPause = part(c.GCPause, c.Wall)
	s.machine = c.MachineBusy
	s.window, s.send, s.pacer = part(w.Window, w.Producers), part(w.Send, w.Producers), part(w.Pacer, w.Producers)
	s.linger = part(w.Linger, w.Consuming)
	if w.Producers > 0 {
		s.making = max(0, 1-s.window-s.send-s.pacer)
	}
	s.behind, s.held = part(w.Behind.Sum(), w.Producers), part(w.Behind.Window+w.Behind.Send, w.Behind.Sum())
	if w.Behind.StoodStill > w.Behind.Sum()/2 {
		s.held = 0
	}
	if due := f.Sent + f.Unsent; f.Rate > 0 && due > 0 {
		s.late = float64(f.Late+f.Unsent) / float64(due)
	}
	return s
}

// missing are the shares of the time that explains what is missing: with a rate, the time for which
// producers were behind their schedule when they ended; flat out, the whole.
func (f *Facts) missing(s *shares) (m shares, of string) {
	m = *s
	b := &f.Waits.Last
	sum := b.Sum()
	if f.Rate <= 0 || sum <= 0 {
		return m, "of their time"
	}
	m.window, m.send, m.pacer, m.making = part(b.Window, sum), part(b.Send, sum), part(b.Asleep, sum), part(b.Making, sum)
	if b.Wall > 0 && b.CPU > 0 {
		m.process = part(b.CPU, b.Wall*time.Duration(f.Cost.Cores))
	}
	return m, "of the time for which they were behind"
}

// growing reports whether the backlog grew by more than the noise of one that does not.
func (f *Facts) growing() bool {
	return f.Growth >= noise*f.Rate && f.Growth*f.Sending.Seconds() >= few
}

const (
	noise = 0.02 // of the rate; a backlog that grows by that adds 20 ms to latencies each second
	few   = 10   // messages
)

// behind is how far behind its schedule a run may end and still have kept it, if the tolerance is
// less than that: a hiccup at the end says nothing.
const behind = 100 * time.Millisecond

// keptRate reports whether the schedule was kept.
func (f *Facts) keptRate() bool {
	if f.Rate <= 0 {
		return false
	}
	if over := f.Sending - f.Planned; f.Counted && float64(over) > max(f.Tolerance*float64(f.Sending), float64(behind)) {
		return false
	}
	return float64(f.Unsent) <= max(f.Tolerance*float64(f.Sent+f.Unsent), f.Rate*behind.Seconds())
}
