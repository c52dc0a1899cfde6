// Package verdict determines what limited a run: the broker, the network, the consumers, the generator
// itself, or the schedule. Numbered rules do that, of which the first that applies decides; they are
// in docs/stompbench-verbs.md. A network that is too narrow cannot be distinguished from a broker that
// reads too slowly, since both leave the connection full.
//
// Imports: the load, metric, report and workload packages of stompbench.
package verdict

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Limit is what limited a run.
type Limit string

// The limits.
const (
	Unclear   Limit = "unclear"
	Schedule  Limit = "schedule"
	Broker    Limit = "broker"
	Network   Limit = "network"
	Generator Limit = "generator"
	Consumers Limit = "consumers"
)

// Verdict is what limited a run, why, and the measurements behind it. Shares are from 0 to 1, and 0 if
// they were not measured.
type Verdict struct {
	Limit Limit  `json:"limited_by"`
	Why   string `json:"why"`
	// Invalid: the generator could not keep the requested rate, so the run measured the generator.
	Invalid bool `json:"generator_limited"`

	RateKept  bool    `json:"rate_kept"`  // false if none was asked for
	LateShare float64 `json:"late_share"` // of the messages due: over 1 ms late, or not sent

	ProcessShare float64 `json:"process_cpu_share"` // of the processors it may use; client and embedded broker
	ThreadShare  float64 `json:"busiest_thread_share"`
	StarvedShare float64 `json:"process_starved_share"` // of the same: ready to run, and without a processor
	MachineShare float64 `json:"machine_busy_share"`
	GCShare      float64 `json:"gc_cpu_share"`   // of this process's CPU time
	GCPauseShare float64 `json:"gc_pause_share"` // of the time

	WindowShare float64 `json:"producers_window_share"`   // of the producers' time: waiting for receipts
	SendShare   float64 `json:"producers_send_share"`     // waiting for the connection
	PacerShare  float64 `json:"producers_schedule_share"` // waiting for the schedule
	// BehindShare: a message was due. HeldShare is the part of that for which receipts or the
	// connection held producers up.
	BehindShare float64 `json:"producers_behind_share"`
	HeldShare   float64 `json:"producers_held_share"`
	MakingShare float64 `json:"producers_making_share"`  // making messages
	LingerShare float64 `json:"consumers_latency_share"` // of the busiest connection's time: spent on --consumer-latency
}

// run is a run to be judged.
type run struct {
	*workload.Plan
	*load.Result
	unsent    uint64        // due and not sent
	roundTrip time.Duration // the shortest receipt time, including that of SUBSCRIBE
	confirm   time.Duration // the median
}

// Of judges a run.
func Of(p *workload.Plan, r *load.Result) *Verdict {
	confirm := r.Latencies[metric.Confirm]
	f := &run{Plan: p, Result: r, unsent: r.Unsent - r.CutOff, roundTrip: r.RoundTrip, confirm: confirm.Percentile(50)}
	// For the first receipts of a run the broker is still idle.
	if confirm.Count() > 0 {
		f.roundTrip = min(f.roundTrip, confirm.Min())
	}
	v := f.shares()
	v.Limit, v.Why = f.judge(v)
	v.Invalid = v.Limit == Generator && f.Rate > 0
	if r.Failure != nil && v.Limit == Schedule {
		v.Limit, v.Why = Unclear, "the run broke off; until then "+v.Why
	}
	f.unsent = r.Unsent // the rules are about the time until a run broke off
	v.RateKept, v.LateShare = f.keptRate(), f.lateShare()
	return v
}

// part is a over b, 0 if b is not known.
func part(a, b time.Duration) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// shares returns a verdict that has only the shares of the whole time.
func (f *run) shares() *Verdict {
	c, w := &f.Cost, &f.Waits
	processors := c.Wall * time.Duration(c.Cores)
	v := &Verdict{
		LateShare: f.lateShare(), ProcessShare: part(c.CPU, processors), StarvedShare: part(c.Starved, processors),
		ThreadShare: part(c.BusiestThread, c.Wall), MachineShare: c.MachineBusy, GCShare: part(c.GCCPU, c.CPU), GCPauseShare: part(c.GCPause, c.Wall),
		WindowShare: part(w.Window, w.Producers), SendShare: part(w.Send, w.Producers), PacerShare: part(w.Pacer, w.Producers),
		BehindShare: part(w.Behind.Sum(), w.Producers), LingerShare: part(w.Linger, w.Consuming),
	}
	if w.Producers > 0 {
		v.MakingShare = max(0, 1-v.WindowShare-v.SendShare-v.PacerShare)
	}
	if w.Behind.StoodStill <= w.Behind.Sum()/2 {
		v.HeldShare = part(w.Behind.Window+w.Behind.Send, w.Behind.Sum())
	}
	return v
}

// lateAfter is how late a message leaves that counts as late.
const lateAfter = time.Millisecond

// lateShare is the share of the messages due that left late, or were not sent.
func (f *run) lateShare() float64 {
	due := f.Books.Sent + f.unsent
	if f.Rate <= 0 || due == 0 {
		return 0
	}
	delay := f.Latencies[metric.SendDelay]
	over := delay.Over(lateAfter)
	return float64(over-min(over, delay.Censored)+f.unsent) / float64(due)
}

// missing returns the shares of the time that explains what is missing: with a rate, the time for
// which producers were behind their schedule when they ended, since they were last on time, because a
// broker may be fast for most of a run and stop at its end; flat out, the whole.
func (f *run) missing(whole *Verdict) (s Verdict, of string) {
	s = *whole
	b := &f.Waits.Last
	sum := b.Sum()
	if f.Rate <= 0 || sum <= 0 {
		return s, "of their time"
	}
	s.WindowShare, s.SendShare, s.PacerShare, s.MakingShare = part(b.Window, sum), part(b.Send, sum), part(b.Asleep, sum), part(b.Making, sum)
	if b.Wall > 0 && b.CPU > 0 {
		s.ProcessShare = part(b.CPU, b.Wall*time.Duration(f.Cost.Cores))
	}
	return s, "of the time for which they were behind"
}
