package verdict

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
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

// Verdict is what limited a run, why, and the measurements behind it. Shares are from 0 to 1.
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

// shortest is the shortest run that can be judged.
const shortest = 100 * time.Millisecond

// Of judges a run.
func Of(p *workload.Plan, r *load.Result) *Verdict {
	f := FactsOf(p, r)
	v := Judge(&f)
	if r.Failure != nil && v.Limit == Schedule {
		v.Limit, v.Why = Unclear, "the run broke off; until then "+v.Why
	}
	if r.CutOff > 0 { // the rules are about the time until then
		f.Unsent = r.Unsent
		v.RateKept, v.LateShare = f.keptRate(), f.shares().LateShare
	}
	return &v
}

// Judge applies the rules.
func Judge(f *Facts) Verdict {
	v := f.shares()
	v.RateKept = f.keptRate()
	v.Limit, v.Why = f.judge(&v)
	v.Invalid = v.Limit == Generator && f.Rate > 0 && !v.RateKept
	return v
}

func (f *Facts) judge(whole *Verdict) (Limit, string) {
	switch {
	case f.Sent == 0 && f.Unsent == 0:
		return Unclear, "nothing was sent"
	case f.Sending < shortest:
		return Unclear, fmt.Sprintf("%s of sending is too short to tell", brief(f.Sending))
	case f.keptRate():
		return f.scheduleKept(whole)
	case f.Rate == 0 && f.slowConsumers(whole):
		return Consumers, f.lingered(whole)
	}
	s, of := f.missing(*whole)
	held, last := s.WindowShare+s.SendShare, &f.Waits.Last
	switch {
	case f.Rate > 0 && last.StoodStill > last.Sum()/2:
		return Generator, fmt.Sprintf("this process did not run for %s %s: it was stopped, or this machine was", percent(part(last.StoodStill, last.Sum())), of)
	case s.ProcessShare+s.StarvedShare >= 0.85 && s.StarvedShare < s.ProcessShare/4:
		return Generator, fmt.Sprintf("%s used %s", f.processName(), f.processors(s.ProcessShare))
	case s.ProcessShare+s.StarvedShare >= 0.85 && (held < 0.9 || f.Rate <= 0 || f.Embedded):
		return Generator, fmt.Sprintf("%s used %s and could have used %.2f more: other programs have them",
			f.processName(), f.processors(s.ProcessShare), part(f.Cost.Starved, f.Cost.Wall))
	case held >= 0.5 && f.slowConsumers(&s):
		return Consumers, f.lingered(&s)
	case held >= 0.5 && s.WindowShare >= s.SendShare && f.atRoundTrip():
		return Network, fmt.Sprintf("producers waited %s %s for receipts that took %s, the round trip alone takes %s: a window over %d would fill it",
			percent(s.WindowShare), of, brief(f.Confirm), brief(f.RoundTrip), f.Window)
	case held >= 0.5:
		return Broker, f.heldUp(&s, of)
	case s.ThreadShare >= 0.9:
		return Generator, fmt.Sprintf("one of its threads used %s of a processor", percent(s.ThreadShare))
	case s.MakingShare >= 0.5:
		return Generator, fmt.Sprintf("producers spent %s %s making messages: more of them could send more", percent(s.MakingShare), of)
	case f.Rate > 0 && s.PacerShare >= 0.5:
		return Generator, fmt.Sprintf("producers slept for %s %s: this machine's timers are too coarse for the rate", percent(s.PacerShare), of)
	case held >= s.MakingShare:
		return Broker, f.heldUp(&s, of)
	}
	return Generator, fmt.Sprintf("producers spent %s %s making messages and were held up for %s", percent(s.MakingShare), of, percent(held))
}

// scheduleKept is rule 2: the schedule was kept.
func (f *Facts) scheduleKept(s *Verdict) (Limit, string) {
	switch {
	case f.slowConsumers(s):
		return Consumers, f.lingered(s)
	case f.longAfter():
		return Broker, fmt.Sprintf("all was sent on time, and delivered up to %s later", brief(f.Receiving-f.Sending))
	case f.growing():
		why := fmt.Sprintf("all was sent on time, and the backlog grew by %.0f messages a second, %s of the rate", f.Growth, percent(f.Growth/f.Rate))
		if s.LingerShare >= slow {
			return Consumers, fmt.Sprintf("%s: --consumer-latency took %s of a consumer's time", why, percent(s.LingerShare))
		}
		return Broker, why
	}
	why := fmt.Sprintf("what was asked for was sent; producers were idle for %s of their time", percent(s.PacerShare))
	if s.LateShare >= 0.01 {
		why += fmt.Sprintf(", though %s left more than %s late; ", percent(s.LateShare), brief(LateAfter))
		switch b := &f.Waits.Behind; {
		case b.StoodStill > b.Sum()/2:
			why += "this process did not run then"
		case s.HeldShare >= 0.5:
			why += fmt.Sprintf("receipts or the connection held them up for %s of that time", percent(s.HeldShare))
		default:
			why += "this machine was late itself"
		}
	}
	return Schedule, why
}

// longAfter reports whether messages still arrived long after the last was sent.
func (f *Facts) longAfter() bool {
	return f.Receiving-f.Sending > f.Sending/10+500*time.Millisecond
}

// slow is the share of a consumer's time from which --consumer-latency is its limit.
const slow = 0.8

// slowConsumers reports whether consumers spent most of their time on the configured latency, and
// messages piled up.
func (f *Facts) slowConsumers(s *Verdict) bool { return s.LingerShare >= slow && f.longAfter() }

// lingered describes the consumers' time.
func (f *Facts) lingered(s *Verdict) string {
	why := fmt.Sprintf("--consumer-latency took %s of a consumer's time, and messages came in for %s after the last was sent",
		percent(s.LingerShare), brief(f.Receiving-f.Sending))
	if f.Backlog > 0 {
		why += fmt.Sprintf(", %d of them seen behind", f.Backlog)
	}
	return why
}

// heldUp describes what producers waited for.
func (f *Facts) heldUp(s *Verdict, of string) string {
	tail := fmt.Sprintf("; %s used %s", f.processName(), f.processors(s.ProcessShare))
	if s.WindowShare < s.SendShare {
		return fmt.Sprintf("connections took nothing more for %s %s%s", percent(s.SendShare), of, tail)
	}
	took := ""
	if f.Rate <= 0 {
		took = ", which took " + brief(f.Confirm)
	}
	return fmt.Sprintf("producers waited %s %s for receipts%s%s", percent(s.WindowShare), of, took, tail)
}

// atRoundTrip reports whether receipts take about as long as the fastest one, and a window of them is
// too small for the rate. Within one process there is no network, and below a millisecond a broker
// cannot be distinguished from the network.
func (f *Facts) atRoundTrip() bool {
	if f.Embedded || f.RoundTrip < time.Millisecond || f.Confirm <= 0 || f.Confirm > 3*f.RoundTrip {
		return false
	}
	return f.Rate <= 0 || float64(f.InFlight) < f.Rate*f.Confirm.Seconds()
}

// processName returns the name of the generator in sentences.
func (f *Facts) processName() string {
	if f.Embedded {
		return "client and broker together"
	}
	return "this process"
}

func (f *Facts) processors(share float64) string {
	if share == 0 {
		return "an unknown share of the processors"
	}
	return fmt.Sprintf("%.2f of %d processors", share*float64(f.Cost.Cores), f.Cost.Cores)
}

func percent(x float64) string {
	if x < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*x)
	}
	return fmt.Sprintf("%.0f %%", 100*min(x, 1))
}

func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
