package verdict

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
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
	Unsent    uint64  // due and not sent, until the run ended or broke off
	Late      uint64  // of those sent
	Backlog   uint64  // maximum of messages sent and not yet received
	Growth    float64 // of the backlog, in messages per second; 0 if not known
	Window    int
	InFlight  int  // messages that the windows of all producers hold
	Embedded  bool // the broker is in this process

	Cost      load.Cost
	Waits     load.Waits
	RoundTrip time.Duration // the shortest receipt time, including that of SUBSCRIBE
	Confirm   time.Duration // median
}

// FactsOf returns the facts of a run.
func FactsOf(p *workload.Plan, r *load.Result) Facts {
	confirm := r.Latencies[metric.Confirm]
	f := Facts{
		Rate: p.Rate, Tolerance: p.RateTolerance, Planned: p.Duration, Sending: r.Sending, Receiving: r.Receiving,
		Sent: r.Books.Sent, Unsent: r.Unsent - r.CutOff, Late: late(r.Latencies[metric.SendDelay]), Backlog: r.MaxBacklog, Growth: r.BacklogSlope,
		Window: p.Window, InFlight: p.Window * p.Producers * max(1, p.ReceiptEvery) * max(1, p.Transaction), Embedded: p.Embedded,
		Cost: r.Cost, Waits: r.Waits,
		RoundTrip: r.RoundTrip, Confirm: confirm.Percentile(50),
	}
	// For the first receipts of a run the broker is still idle.
	if confirm.Count() > 0 {
		f.RoundTrip = min(f.RoundTrip, confirm.Min())
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
	return over - min(over, delay.Censored)
}

// part is a over b, 0 if b is not known.
func part(a, b time.Duration) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// shares returns the facts as shares of the time.
func (f *Facts) shares() (v Verdict) {
	c, w := &f.Cost, &f.Waits
	processors := c.Wall * time.Duration(c.Cores)
	v.ProcessShare, v.StarvedShare = part(c.CPU, processors), part(c.Starved, processors)
	v.ThreadShare, v.MachineShare = part(c.BusiestThread, c.Wall), c.MachineBusy
	v.GCShare, v.GCPauseShare = part(c.GCCPU, c.CPU), part(c.GCPause, c.Wall)
	v.WindowShare, v.SendShare, v.PacerShare = part(w.Window, w.Producers), part(w.Send, w.Producers), part(w.Pacer, w.Producers)
	if w.Producers > 0 {
		v.MakingShare = max(0, 1-v.WindowShare-v.SendShare-v.PacerShare)
	}
	v.LingerShare = part(w.Linger, w.Consuming)
	v.BehindShare = part(w.Behind.Sum(), w.Producers)
	if w.Behind.StoodStill <= w.Behind.Sum()/2 {
		v.HeldShare = part(w.Behind.Window+w.Behind.Send, w.Behind.Sum())
	}
	if due := f.Sent + f.Unsent; f.Rate > 0 && due > 0 {
		v.LateShare = float64(f.Late+f.Unsent) / float64(due)
	}
	return v
}

// missing returns the shares of the time that explains what is missing: with a rate, the time for
// which producers were behind their schedule when they ended; flat out, the whole.
func (f *Facts) missing(whole Verdict) (s Verdict, of string) {
	b := &f.Waits.Last
	sum := b.Sum()
	if f.Rate <= 0 || sum <= 0 {
		return whole, "of their time"
	}
	s = whole
	s.WindowShare, s.SendShare, s.PacerShare, s.MakingShare = part(b.Window, sum), part(b.Send, sum), part(b.Asleep, sum), part(b.Making, sum)
	if b.Wall > 0 && b.CPU > 0 {
		s.ProcessShare = part(b.CPU, b.Wall*time.Duration(f.Cost.Cores))
	}
	return s, "of the time for which they were behind"
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
