package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// measured is a run to be judged.
type measured struct {
	workload.Plan
	load.Result
}

// base is ten seconds of a run that nothing in particular limited; edit changes it.
func base(edit func(*measured)) *measured {
	const s = time.Second
	f := &measured{
		workload.Plan{RateTolerance: 0.01, Duration: 10 * s, Producers: 2, Window: 1000},
		load.Result{
			Books: ledger.Balance{Sent: 100_000}, Sending: 10 * s, Receiving: 10 * s,
			Latencies: load.Latencies{metric.SendDelay: histo.New(), metric.Confirm: of(1, ms(10))},
			Cost:      load.Cost{CPU: 5 * s, Wall: 10 * s, Cores: 4, BusiestThread: 2 * s, MachineBusy: 0.4},
			Waits:     load.Waits{Producers: 20 * s},
			RoundTrip: 100 * time.Microsecond,
		},
	}
	edit(f)
	return f
}

func TestRules(t *testing.T) {
	const s = time.Second
	rate := func(f *measured) { f.Rate, f.Waits.Pacer = 10_000, 19*s }
	// behind is a broker, or this process, that stood still for the last 4 of 10 s, until then two
	// producers had waited for their schedule.
	behind := func(f *measured, last load.Behind) {
		f.Rate, f.Books.Sent, f.Unsent, f.Waits.Pacer, f.Waits.Last = 10_000, 60_000, 40_000, 12*s, last
		f.Waits.Behind = last
	}
	slow := func(f *measured) {
		f.Receiving, f.MaxBacklog, f.Waits.Consuming, f.Waits.Linger = 20*s, 300, 20*s, 17*s
	}
	for name, c := range map[string]struct {
		edit    func(*measured)
		limit   verdict.Limit
		says    string
		invalid bool
	}{
		"1 nothing": {func(f *measured) { f.Books.Sent = 0 }, verdict.Unclear, "nothing was sent", false},
		"1 short":   {func(f *measured) { f.Sending = 99 * time.Millisecond }, verdict.Unclear, "too short", false},

		"2 kept": {rate, verdict.Schedule, "idle for 95 %", false},
		"2 kept though the machine is busy": {func(f *measured) { rate(f); f.Cost.CPU = 40 * s },
			verdict.Schedule, "was sent", false},
		"2 kept, some late": {func(f *measured) { rate(f); f.Latencies[metric.SendDelay] = of(5000, ms(2)) }, verdict.Schedule, "5.0 % left more than 1ms late", false},
		"2 99 % is kept":    {func(f *measured) { rate(f); f.Books.Sent, f.Unsent = 99_000, 1000 }, verdict.Schedule, "", false},
		"2 97 % is not": {func(f *measured) {
			rate(f)
			f.Books.Sent, f.Unsent, f.Waits.Last.Window = 97_000, 3000, s/2
		},
			verdict.Broker, "receipts", false},
		"2 delivered later": {func(f *measured) { rate(f); f.Receiving = 13 * s }, verdict.Broker, "up to 3s later", false},
		"2 a count that took longer": {func(f *measured) {
			rate(f)
			f.Duration, f.Count, f.Sending, f.Waits.Last.Window = 0, 100_000, 11*s, 2*s
		},
			verdict.Broker, "", false},

		"2 a backlog that grows": {func(f *measured) { rate(f); f.BacklogSlope = 1400 }, verdict.Broker, "grew by 1400 messages a second, 14 % of the rate", false},
		"2 a backlog that grows because of consumers": {func(f *measured) { rate(f); f.BacklogSlope, f.Waits.Consuming, f.Waits.Linger = 1400, 10*s, 9*s },
			verdict.Consumers, "90 % of a consumer's time", false},
		"2 a backlog that hardly grows": {func(f *measured) { rate(f); f.BacklogSlope = 199 }, verdict.Schedule, "", false},
		"2 late because of the broker": {func(f *measured) {
			rate(f)
			f.Latencies[metric.SendDelay], f.Waits.Behind = of(20_000, ms(2)), load.Behind{Window: 3 * s, Making: s}
		},
			verdict.Schedule, "receipts or the connection held them up for 75 %", false},
		"2 late because it did not run": {func(f *measured) {
			rate(f)
			f.Latencies[metric.SendDelay], f.Waits.Behind = of(20_000, ms(2)), load.Behind{Window: 3 * s, StoodStill: 2 * s}
		},
			verdict.Schedule, "this process did not run then", false},

		"2 delivered later to slow consumers": {func(f *measured) { rate(f); slow(f) },
			verdict.Consumers, "took 85 % of a consumer's time, and messages came in for 10s after the last was sent, 300 of them seen behind", false},
		"2 delivered later, consumers not so slow": {func(f *measured) { rate(f); slow(f); f.Waits.Linger = 15 * s },
			verdict.Broker, "up to 10s later", false},
		"2 slow consumers that keep up": {func(f *measured) { rate(f); slow(f); f.Receiving, f.Waits.Consuming = 10*s, 10*s },
			verdict.Schedule, "", false},

		"3 flat out": {slow, verdict.Consumers, "--consumer-latency", false},
		"3 flat out, however busy the processors": {func(f *measured) { slow(f); f.Cost.CPU = 38 * s },
			verdict.Consumers, "--consumer-latency", false},
		"3 not at a rate that the generator did not keep": {func(f *measured) { behind(f, load.Behind{Making: 8 * s}); slow(f); f.Cost.CPU = 38 * s },
			verdict.Generator, "3.80 of 4", true},
		"5 a queue that slow consumers left full": {func(f *measured) { behind(f, load.Behind{Send: 8 * s}); slow(f) },
			verdict.Consumers, "--consumer-latency", false},
		"5 slow consumers, and none behind": {func(f *measured) { behind(f, load.Behind{Send: 8 * s}); slow(f); f.Receiving = 10 * s },
			verdict.Broker, "took nothing more", false},

		"4 process": {func(f *measured) { f.Cost.CPU = 36 * s }, verdict.Generator, "this process used 3.60 of 4 processors", false},
		"4 embedded": {func(f *measured) { f.Cost.CPU, f.Embedded = 36*s, true },
			verdict.Generator, "client and broker together used 3.60", false},
		"4 at a rate": {func(f *measured) { behind(f, load.Behind{Making: 8 * s}); f.Cost.CPU = 36 * s }, verdict.Generator, "3.60", true},
		"4 starved": {func(f *measured) { behind(f, load.Behind{Making: 8 * s}); f.Cost.CPU, f.Cost.Starved = 20*s, 15*s },
			verdict.Generator, "used 2.00 of 4 processors and could have used 1.50 more", true},
		"4 not for starving a little": {func(f *measured) { f.Cost.Starved, f.Cost.MachineBusy, f.Waits.Window = 20*s, 1, 18*s },
			verdict.Broker, "", false},

		"5 window": {func(f *measured) { f.Waits.Window = 18 * s }, verdict.Broker, "90 % of their time for receipts, which took 10ms", false},
		"5 round trip": {func(f *measured) {
			f.Waits.Window, f.Window, f.RoundTrip, f.Latencies[metric.Confirm] = 18*s, 1, ms(20), of(1, ms(21))
		},
			verdict.Network, "the round trip alone takes 20ms", false},
		"5 round trip at a rate": {func(f *measured) {
			behind(f, load.Behind{Window: 8 * s})
			f.Window, f.RoundTrip, f.Latencies[metric.Confirm] = 50, ms(20), of(1, ms(21))
		},
			verdict.Network, "a window over 50", false},
		"5 a broker that stops behind a network": {func(f *measured) {
			behind(f, load.Behind{Window: 8 * s})
			f.Window, f.RoundTrip, f.Latencies[metric.Confirm] = 500, ms(20), of(1, ms(21))
		},
			verdict.Broker, "receipts", false},
		"5 no receipt while measuring": {func(f *measured) {
			behind(f, load.Behind{Window: 8 * s})
			f.Window, f.RoundTrip, f.Latencies[metric.Confirm] = 10, ms(4), histo.New()
		},
			verdict.Broker, "receipts", false},
		"5 no network within a process": {func(f *measured) {
			f.Waits.Window, f.RoundTrip, f.Latencies[metric.Confirm], f.Embedded = 18*s, ms(20), of(1, ms(21)), true
		},
			verdict.Broker, "receipts", false},
		"5 no round trip is known": {func(f *measured) { f.Waits.Window, f.RoundTrip = 18*s, 0 }, verdict.Broker, "", false},
		"5 full connection":        {func(f *measured) { f.Waits.Send = 18 * s }, verdict.Broker, "took nothing more for 90 %", false},
		"5 both":                   {func(f *measured) { f.Waits.Window, f.Waits.Send = 5*s, 6*s }, verdict.Broker, "took nothing more", false},
		"5 at a rate": {func(f *measured) { behind(f, load.Behind{Window: 8 * s}) }, verdict.Broker,
			"producers waited 100 % of the time for which they were behind for receipts; this process", false},
		"5 at a rate, after it was busy": {func(f *measured) {
			behind(f, load.Behind{Window: 8 * s, CPU: s / 10, Wall: 4 * s})
			f.Cost.CPU = 36 * s
		}, verdict.Broker, "0.03 of 4", false},
		"4 at a rate, stopped": {func(f *measured) { behind(f, load.Behind{Window: 8 * s, StoodStill: 6 * s}) },
			verdict.Generator, "did not run for 75 %", true},
		"5 at a rate, stopped before": {func(f *measured) { behind(f, load.Behind{Send: 8 * s, StoodStill: s}) }, verdict.Broker, "nothing more for 100 %", false},
		"5 nothing was read":          {func(f *measured) { behind(f, load.Behind{Send: 20 * s}); f.Books.Sent = 0 }, verdict.Broker, "", false},

		"6 thread":    {func(f *measured) { f.Cost.BusiestThread = 95 * s / 10 }, verdict.Generator, "95 % of a processor", false},
		"7 making":    {func(f *measured) { f.Waits.Window = 4 * s }, verdict.Generator, "80 % of their time making", false},
		"7 at a rate": {func(f *measured) { behind(f, load.Behind{Making: 8 * s}) }, verdict.Generator, "making", true},
		"8 timers":    {func(f *measured) { behind(f, load.Behind{Asleep: 6 * s, Window: 2 * s}) }, verdict.Generator, "timers are too coarse", true},
		"9 broker": {func(f *measured) { behind(f, load.Behind{Asleep: 3 * s, Window: 2 * s, Send: s, Making: 2 * s}) },
			verdict.Broker, "25 % of the time for which they were behind for receipts", false},
		"9 generator": {func(f *measured) { behind(f, load.Behind{Asleep: 3 * s, Window: 2 * s, Making: 3 * s}) },
			verdict.Generator, "held up for 25 %", true},
	} {
		f := base(c.edit)
		v := verdict.Of(&f.Plan, &f.Result)
		if v.Limit != c.limit || !strings.Contains(v.Why, c.says) || v.Invalid != c.invalid {
			t.Errorf("%s: %s (%v): %s\nwant %s (%v), and something about %q", name, v.Limit, v.Invalid, v.Why, c.limit, c.invalid, c.says)
		}
		if strings.Contains(v.Why, "\n") || v.Why == "" {
			t.Errorf("%s: not one line: %q", name, v.Why)
		}
	}
}

func TestShares(t *testing.T) {
	const s = time.Second
	f := base(func(f *measured) {
		f.Rate, f.Books.Sent, f.Unsent, f.Latencies[metric.SendDelay] = 10_000, 75_000, 25_000, of(5_000, ms(2))
		f.Waits = load.Waits{Producers: 20 * s, Window: 2 * s, Send: 4 * s, Pacer: 6 * s}
		f.Cost = load.Cost{CPU: 8 * s, Wall: 10 * s, Cores: 4, BusiestThread: 5 * s, GCCPU: 2 * s, GCPause: s / 10, MachineBusy: 0.4}
	})
	v := verdict.Of(&f.Plan, &f.Result)
	got := []float64{v.LateShare, v.ProcessShare, v.ThreadShare, v.MachineShare, v.GCShare, v.GCPauseShare,
		v.WindowShare, v.SendShare, v.PacerShare, v.MakingShare}
	for i, want := range []float64{0.3, 0.2, 0.5, 0.4, 0.25, 0.01, 0.1, 0.2, 0.3, 0.4} {
		if d := got[i] - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("share %d is %v, want %v", i, got[i], want)
		}
	}
	if v.RateKept {
		t.Error("three quarters of a rate are kept")
	}
	// Where nothing is measured there are no shares, and no division by zero.
	v = verdict.Of(&workload.Plan{}, &load.Result{Books: ledger.Balance{Sent: 1}, Sending: s, Latencies: load.Latencies{metric.SendDelay: histo.New(), metric.Confirm: histo.New()}})
	if v.ProcessShare+v.ThreadShare+v.MakingShare != 0 || v.Limit == "" {
		t.Errorf("%+v", v)
	}
}
