package verdict

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

const (
	shortest = 100 * time.Millisecond // run that can be judged
	slow     = 0.8                    // share of a consumer's time from which --consumer-latency is its limit
	noise    = 0.02                   // of the rate; a backlog that grows by that adds 20 ms to latencies each second
	few      = 10                     // messages
	// behind is how far behind its schedule a run may end and still have kept it, if the tolerance is
	// less than that: a hiccup at the end says nothing.
	behind = 100 * time.Millisecond
)

func (f *run) judge(whole *Verdict) (Limit, string) {
	switch { // rules 1 to 3
	case f.Books.Sent+f.unsent == 0:
		return Unclear, "nothing was sent"
	case f.Sending < shortest:
		return Unclear, fmt.Sprintf("%s of sending is too short to tell", brief(f.Sending))
	case f.keptRate():
		return f.scheduleKept(whole)
	case f.Rate == 0 && f.slowConsumers(whole):
		return Consumers, f.lingered(whole)
	}
	s, of := f.missing(whole)
	held, busy, last := s.WindowShare+s.SendShare, s.ProcessShare+s.StarvedShare >= 0.85, &f.Waits.Last
	process, used := "this process", "an unknown share of the processors"
	if f.Embedded {
		process = "client and broker together"
	}
	if s.ProcessShare > 0 {
		used = fmt.Sprintf("%.2f of %d processors", s.ProcessShare*float64(f.Cost.Cores), f.Cost.Cores)
	}
	heldUp := func() string {
		tail := fmt.Sprintf("; %s used %s", process, used)
		if s.WindowShare < s.SendShare {
			return fmt.Sprintf("connections took nothing more for %s %s%s", percent(s.SendShare), of, tail)
		}
		if f.Rate <= 0 {
			tail = ", which took " + brief(f.confirm) + tail
		}
		return fmt.Sprintf("producers waited %s %s for receipts%s", percent(s.WindowShare), of, tail)
	}
	switch { // rules 4 to 9
	case f.Rate > 0 && last.StoodStill > last.Sum()/2:
		return Generator, fmt.Sprintf("this process did not run for %s %s: it was stopped, or this machine was", percent(part(last.StoodStill, last.Sum())), of)
	case busy && s.StarvedShare < s.ProcessShare/4:
		return Generator, fmt.Sprintf("%s used %s", process, used)
	case busy && (held < 0.9 || f.Rate <= 0 || f.Embedded):
		return Generator, fmt.Sprintf("%s used %s and could have used %.2f more: other programs have them", process, used, part(f.Cost.Starved, f.Cost.Wall))
	case held >= 0.5 && f.slowConsumers(&s):
		return Consumers, f.lingered(&s)
	case held >= 0.5 && s.WindowShare >= s.SendShare && f.atRoundTrip():
		return Network, fmt.Sprintf("producers waited %s %s for receipts that took %s, the round trip alone takes %s: a window over %d would fill it",
			percent(s.WindowShare), of, brief(f.confirm), brief(f.roundTrip), f.Window)
	case held >= 0.5:
		return Broker, heldUp()
	case s.ThreadShare >= 0.9:
		return Generator, fmt.Sprintf("one of its threads used %s of a processor", percent(s.ThreadShare))
	case s.MakingShare >= 0.5:
		return Generator, fmt.Sprintf("producers spent %s %s making messages: more of them could send more", percent(s.MakingShare), of)
	case f.Rate > 0 && s.PacerShare >= 0.5:
		return Generator, fmt.Sprintf("producers slept for %s %s: this machine's timers are too coarse for the rate", percent(s.PacerShare), of)
	case held >= s.MakingShare:
		return Broker, heldUp()
	}
	return Generator, fmt.Sprintf("producers spent %s %s making messages and were held up for %s", percent(s.MakingShare), of, percent(held))
}

// keptRate reports whether the schedule was kept: all that was due was sent and, if a count ends the
// run, in no more time than it takes at the rate.
func (f *run) keptRate() bool {
	if f.Rate <= 0 {
		return false
	}
	planned := time.Duration(float64(f.Count) / f.Rate * float64(time.Second))
	counted := f.Count > 0 && f.Warmup == 0 && len(f.Profile) < 2 && (f.Duration == 0 || planned < f.Duration)
	if counted && float64(f.Sending-planned) > max(f.RateTolerance*float64(f.Sending), float64(behind)) {
		return false
	}
	return float64(f.unsent) <= max(f.RateTolerance*float64(f.Books.Sent+f.unsent), f.Rate*behind.Seconds())
}

// scheduleKept is rule 2: the schedule was kept.
func (f *run) scheduleKept(s *Verdict) (Limit, string) {
	switch growth := f.BacklogSlope; {
	case f.slowConsumers(s):
		return Consumers, f.lingered(s)
	case f.longAfter():
		return Broker, fmt.Sprintf("all was sent on time, and delivered up to %s later", brief(f.Receiving-f.Sending))
	case growth >= noise*f.Rate && growth*f.Sending.Seconds() >= few:
		why := fmt.Sprintf("all was sent on time, and the backlog grew by %.0f messages a second, %s of the rate", growth, percent(growth/f.Rate))
		if s.LingerShare >= slow {
			return Consumers, fmt.Sprintf("%s: --consumer-latency took %s of a consumer's time", why, percent(s.LingerShare))
		}
		return Broker, why
	}
	why := fmt.Sprintf("what was asked for was sent; producers were idle for %s of their time", percent(s.PacerShare))
	if s.LateShare < 0.01 {
		return Schedule, why
	}
	why += fmt.Sprintf(", though %s left more than %s late; ", percent(s.LateShare), brief(lateAfter))
	switch b := &f.Waits.Behind; {
	case b.StoodStill > b.Sum()/2:
		why += "this process did not run then"
	case s.HeldShare >= 0.5:
		why += fmt.Sprintf("receipts or the connection held them up for %s of that time", percent(s.HeldShare))
	default:
		why += "this machine was late itself"
	}
	return Schedule, why
}

// longAfter reports whether messages still arrived long after the last was sent.
func (f *run) longAfter() bool { return f.Receiving-f.Sending > f.Sending/10+500*time.Millisecond }

// slowConsumers reports whether consumers spent most of their time on the configured latency, and
// messages piled up.
func (f *run) slowConsumers(s *Verdict) bool { return s.LingerShare >= slow && f.longAfter() }

// lingered describes the consumers' time.
func (f *run) lingered(s *Verdict) string {
	why := fmt.Sprintf("--consumer-latency took %s of a consumer's time, and messages came in for %s after the last was sent",
		percent(s.LingerShare), brief(f.Receiving-f.Sending))
	if f.MaxBacklog > 0 {
		why += fmt.Sprintf(", %d of them seen behind", f.MaxBacklog)
	}
	return why
}

// atRoundTrip reports whether receipts take about as long as the fastest one, and a window of them is
// too small for the rate. Within one process there is no network, and below a millisecond a broker
// cannot be distinguished from the network.
func (f *run) atRoundTrip() bool {
	if f.Embedded || f.roundTrip < time.Millisecond || f.confirm <= 0 || f.confirm > 3*f.roundTrip {
		return false
	}
	inFlight := f.Window * f.Producers * max(1, f.ReceiptEvery) * max(1, f.Transaction)
	return f.Rate <= 0 || float64(inFlight) < f.Rate*f.confirm.Seconds()
}

func percent(x float64) string { return report.Percent(min(x, 1)) }

// brief writes a time with three digits.
func brief(d time.Duration) string {
	unit := time.Microsecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}
