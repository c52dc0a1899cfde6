package verdict_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// ms is n milliseconds.
func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// of returns a histogram of n times each latency.
func of(n int, latencies ...time.Duration) *histo.Histogram {
	h := histo.New()
	for _, l := range latencies {
		for range n {
			h.Record(int64(l))
		}
	}
	return h
}

// What five runs on two processors measured, as they were, most of that machine
// being used by others.
func TestRecordedRuns(t *testing.T) {
	for name, c := range map[string]struct {
		plan    workload.Plan
		result  load.Result
		limit   verdict.Limit
		says    string
		invalid bool
	}{
		// -C 2000 -r 1k -y 2 --consumer-latency 3ms --slow-consumers 0.5
		"one of two consumers is slow": {
			plan: workload.Plan{Embedded: true, Rate: 1000, Count: 2000, Window: 1000},
			result: load.Result{
				Books: ledger.Balance{Sent: 2000}, Sending: ms(1999.7), Receiving: ms(3617.9), MaxBacklog: 438,
				Latencies: load.Latencies{metric.SendDelay: of(200, 0, 0, 0, 0, 0, 0, 0, 0, ms(0.1), ms(34.8)), metric.Confirm: of(2000, ms(0.05))},
				RoundTrip: ms(0.2),
				Cost:      load.Cost{CPU: ms(292.7), Wall: ms(3618), Cores: 2, BusiestThread: ms(118.8), Starved: ms(1102.9), MachineBusy: 1},
				Waits:     load.Waits{Producers: ms(1999.7), Pacer: ms(1992.2), Consuming: ms(3617.9), Linger: ms(3612.3)},
			},
			limit: verdict.Consumers,
			says:  "--consumer-latency took 100 % of a consumer's time, and messages came in for 1.62s after the last was sent, 438 of them seen behind",
		},
		// -z 2s -r 5k -c 10 to a broker that takes 10 ms for each message
		"the broker is slow": {
			plan: workload.Plan{Rate: 5000, Duration: 2 * time.Second, Window: 10},
			result: load.Result{
				Books: ledger.Balance{Sent: 197}, Unsent: 9803, Sending: ms(1985), Receiving: ms(2093), MaxBacklog: 9,
				Latencies: load.Latencies{metric.SendDelay: of(1, of197()...), metric.Confirm: of(197, ms(102.4))}, RoundTrip: ms(0.2),
				Cost:  load.Cost{CPU: ms(48), Wall: ms(2093), Cores: 2, BusiestThread: ms(16.5), Starved: ms(248.7), MachineBusy: 1},
				Waits: load.Waits{Producers: ms(1985), Pacer: ms(2.1), Window: ms(1981.7), Consuming: ms(2093)},
			},
			limit: verdict.Broker, says: "producers waited 100 % of their time for receipts; this process",
		},
		// -z 5s -c 1000 to RabbitMQ, which made the queue when it was subscribed to
		"the subscription took long": {
			plan: workload.Plan{Duration: 5 * time.Second, Window: 1000},
			result: load.Result{
				Books: ledger.Balance{Sent: 83850}, Sending: ms(4989), Receiving: ms(5022), MaxBacklog: 1000,
				Latencies: load.Latencies{metric.SendDelay: of(0), metric.Confirm: of(100, append(slices.Repeat([]time.Duration{ms(45.7)}, 837), ms(0.6), ms(2.1))...)},
				RoundTrip: ms(18.4),
				Cost:      load.Cost{CPU: ms(2280), Wall: ms(5022), Cores: 2, BusiestThread: ms(502), Starved: ms(753), MachineBusy: 1},
				Waits:     load.Waits{Producers: ms(4989), Window: ms(4939), Consuming: ms(5022)},
			},
			limit: verdict.Broker, says: "producers waited 99 % of their time for receipts, which took 45.7ms",
		},
		// -z 2s -r 900M -x 8 -y 8 -s 64KiB -c 64
		"more than this machine can send": {
			plan: workload.Plan{Embedded: true, Rate: 900e6, Duration: 2 * time.Second, Window: 64},
			result: load.Result{
				Books: ledger.Balance{Sent: 8724}, Unsent: 1_799_991_276, Sending: ms(2015.5), Receiving: ms(2212.9), MaxBacklog: 1120,
				Latencies: load.Latencies{metric.SendDelay: of(8724, ms(1000)), metric.Confirm: of(8724, ms(73.1))}, RoundTrip: ms(0.3),
				Cost:  load.Cost{CPU: ms(1053.5), Wall: ms(2215.7), Cores: 2, BusiestThread: ms(175.4), Starved: ms(6769.9), MachineBusy: 0.998},
				Waits: load.Waits{Producers: ms(16124), Window: ms(13887), Send: ms(2056), Consuming: ms(2212.9)},
			},
			limit: verdict.Generator, says: "used 0.48 of 2 processors and could have used 3.06 more: other programs have them", invalid: true,
		},
		// -z 3s -r 200
		"one in eight leaves late": {
			plan: workload.Plan{Embedded: true, Rate: 200, Duration: 3 * time.Second, Window: 1000},
			result: load.Result{
				Books: ledger.Balance{Sent: 600}, Sending: ms(2995.4), Receiving: ms(2995.6), MaxBacklog: 1,
				Latencies: load.Latencies{metric.SendDelay: of(75, 0, 0, 0, 0, 0, 0, ms(0.9), ms(14.7)), metric.Confirm: of(600, ms(0.064))},
				RoundTrip: ms(0.2),
				Cost:      load.Cost{CPU: ms(156.2), Wall: ms(3008.8), Cores: 2, BusiestThread: ms(93.1), Starved: ms(904.1), MachineBusy: 1},
				Waits:     load.Waits{Producers: ms(2995.4), Pacer: ms(2990.2), Consuming: ms(2995.6)},
			},
			limit: verdict.Schedule, says: "producers were idle for 100 % of their time, though 12 % left more than 1ms late",
		},
	} {
		v := verdict.Of(&c.plan, &c.result)
		if v.Limit != c.limit || !strings.Contains(v.Why, c.says) || v.Invalid != c.invalid {
			t.Errorf("%s: %s (%v): %s\nwant %s (%v), and something about %q", name, v.Limit, v.Invalid, v.Why, c.limit, c.invalid, c.says)
		}
	}
}

// of197 are the delays of messages that left one every 10 ms and were due at once.
func of197() (delays []time.Duration) {
	for i := range 197 {
		delays = append(delays, ms(9.8)*time.Duration(i))
	}
	return delays
}

// A run that a count ends must not take longer than the count does at the rate.
func TestTimeOfACount(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		plan    workload.Plan
		sending time.Duration
		kept    bool
	}{
		"a time":                        {workload.Plan{Duration: 10 * s, Rate: 1000}, 12 * s, true},
		"a count":                       {workload.Plan{Count: 6000, Rate: 1000}, 6 * s, true},
		"a count, too late":             {workload.Plan{Count: 6000, Rate: 1000}, 7 * s, false},
		"a count that comes first":      {workload.Plan{Duration: 10 * s, Count: 6000, Rate: 1000}, 7 * s, false},
		"a time that comes first":       {workload.Plan{Duration: 5 * s, Count: 6000, Rate: 1000}, 7 * s, true},
		"a count, flat out":             {workload.Plan{Count: 6000}, 6 * s, false},
		"a count that a warm-up is of":  {workload.Plan{Count: 6000, Rate: 1000, Warmup: s}, 7 * s, true},
		"a count in steps":              {workload.Plan{Count: 6000, Rate: 1000, Profile: make(pacer.Profile, 2)}, 7 * s, true},
		"a count that was not all sent": {workload.Plan{Count: 6000, Rate: 1000}, 4 * s, true},
	} {
		v := verdict.Of(&c.plan, &load.Result{
			Sending: c.sending, Books: ledger.Balance{Sent: 4000},
			Latencies: load.Latencies{metric.SendDelay: of(1000, 0, 0, 0, ms(2)), metric.Confirm: of(4000, ms(3))},
		})
		if v.RateKept != c.kept {
			t.Errorf("%s: kept is %v, want %v", name, v.RateKept, c.kept)
		}
		if want := 0.25; c.plan.Rate > 0 && v.LateShare != want {
			t.Errorf("%s: %v left late, want %v", name, v.LateShare, want)
		}
	}
}

func TestARunThatBrokeOffWasNotLimitedByItsSchedule(t *testing.T) {
	p := &workload.Plan{Rate: 1000, RateTolerance: 0.01, Duration: 8 * time.Second}
	r := &load.Result{
		Books: ledger.Balance{Sent: 4000}, Sending: 4 * time.Second, Receiving: 4 * time.Second,
		Latencies: load.Latencies{metric.SendDelay: of(1, 0), metric.Confirm: of(1, ms(1))}, Failure: errors.New("the broker closed the connection"),
	}
	if v := verdict.Of(p, r); v.Limit != verdict.Unclear || !strings.HasPrefix(v.Why, "the run broke off") {
		t.Errorf("%s: %s", v.Limit, v.Why)
	}
}
