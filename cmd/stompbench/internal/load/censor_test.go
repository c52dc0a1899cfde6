package load_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// virtually carries out a plan in virtual time.
func virtually(t *testing.T, b *fakeBroker, p *workload.Plan, during func(cancel func())) (r *load.Result) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(world.With(t.Context(), &world.World{}))
		defer cancel()
		if during != nil {
			go during(cancel)
		}
		b.began = time.Now()
		var err error
		if r, err = load.Run(ctx, load.Options{Plan: p, Dialer: b}); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

func between(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s is %v, want %v to %v", what, got, least, most)
	}
}

// Of 14 s at 1000 a second the broker reads for 6 s. The 8 s of messages that never left are latencies
// of up to 8 s, and rates are those of 14 s.
func TestMessagesNeverSentAreLatencies(t *testing.T) {
	for name, c := range map[string]struct {
		edit         func(*workload.Plan)
		copies, warm uint64
	}{
		"one":               {edit: func(p *workload.Plan) {}, copies: 1},
		"several":           {edit: func(p *workload.Plan) { p.Producers, p.Consumers = 4, 2 }, copies: 1},
		"destinations":      {edit: func(p *workload.Plan) { p.PublishTo, p.Destinations = "/queue/q-%d", workload.Range{First: 1, Last: 3} }, copies: 1},
		"topic":             {edit: func(p *workload.Plan) { p.PublishTo, p.Consumers = "/topic/t", 3 }, copies: 3},
		"no consumers":      {edit: func(p *workload.Plan) { p.Consumers = 0 }, copies: 0},
		"no receipts":       {edit: func(p *workload.Plan) { p.Window = 0 }, copies: 1},
		"part of a run":     {edit: func(p *workload.Plan) { p.RunName, p.Consumers, p.Await = "r", 0, time.Second }, copies: 1},
		"count":             {edit: func(p *workload.Plan) { p.Count = 14000 }, copies: 1},
		"steps":             {edit: func(p *workload.Plan) { p.Profile, _ = workload.ParseRate("1000:7s,1000:7s"); p.Rate = 0 }, copies: 1},
		"warm-up":           {edit: func(p *workload.Plan) { p.Warmup, p.Duration = 2*time.Second, 12*time.Second }, copies: 1},
		"frozen in warm-up": {edit: func(p *workload.Plan) { p.Warmup, p.Duration = 8*time.Second, 6*time.Second }, copies: 1, warm: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, 0, func(p *workload.Plan) {
				p.Rate, p.Duration, p.Window, p.DrainTimeout = 1000, 14*time.Second, 10, time.Second
				c.edit(p)
			})
			b := &fakeBroker{frozen: func(at time.Duration) time.Duration { return max(0, time.Hour-at) * time.Duration(at/(6*time.Second)) }}
			r := virtually(t, b, p, nil)
			unsent := r.Unsent
			if r.Books.Sent+unsent != 14000 || unsent < 7950 || unsent > 8000 {
				t.Fatalf("%d sent and %d not", r.Books.Sent, unsent)
			}
			for name, h := range map[string]*histo.Histogram{"from due": r.Latencies[metric.FromDue], "send delay": r.Latencies[metric.SendDelay]} {
				want := unsent - c.warm
				if name == "from due" {
					want *= c.copies
				}
				if d := int64(h.Censored) - int64(want); d < -10 || d > 10 {
					t.Errorf("%s: %d of %d samples are lower bounds, want %d", name, h.Censored, h.Count(), want)
				}
				if want == 0 {
					continue
				}
				between(t, name+" max", h.Max(), min(7900*time.Millisecond, p.Duration-time.Second/10), 8100*time.Millisecond)
			}
			if r.Latencies[metric.FromDue].Percentile(50) < time.Second && p.Consumers > 0 {
				t.Errorf("half of the messages were late by %v or less", r.Latencies[metric.FromDue].Percentile(50))
			}
			if c.warm > 0 {
				if r.MeasuredSent != 0 || r.SentPerSecond() != 0 {
					t.Errorf("%d sent after the warm-up", r.MeasuredSent)
				}
				return
			}
			want := float64(r.MeasuredSent) / p.Duration.Seconds()
			if got := r.SentPerSecond(); got < 0.99*want || got > want {
				t.Errorf("%.1f sent a second, want %.1f", got, want)
			}
			if got := r.ReceivedPerSecond(); p.Consumers > 0 && (got < float64(c.copies)*0.98*want || got > float64(c.copies)*want) {
				t.Errorf("%.1f received a second", got)
			}
			if got := r.ConfirmedPerSecond(); p.Window > 0 && (got < 0.98*want || got > want) {
				t.Errorf("%.1f confirmed a second", got)
			}
		})
	}
}

// The planned time of a run that the user ends is up to then.
func TestInterruptedWhileTheBrokerStands(t *testing.T) {
	p := plan(t, 0, func(p *workload.Plan) {
		p.Rate, p.Duration, p.Window, p.DrainTimeout = 1000, 14*time.Second, 10, time.Second
	})
	b := &fakeBroker{frozen: func(at time.Duration) time.Duration { return max(0, time.Hour-at) * time.Duration(at/(6*time.Second)) }}
	r := virtually(t, b, p, func(cancel func()) { time.Sleep(9 * time.Second); cancel() })
	if r.Unsent < 2950 || r.Unsent > 3050 {
		t.Errorf("%d not sent, want those of 3 s", r.Unsent)
	}
	between(t, "planned", r.Planned, 8900*time.Millisecond, 9100*time.Millisecond)
	between(t, "from due max", r.Latencies[metric.FromDue].Max(), 2900*time.Millisecond, 3100*time.Millisecond)
}

// A broker that ends the connections after 6 s does not end the plan: what was due later was not sent,
// and rates are over the planned time. The verdict on the time until then is not held against them.
func TestABrokerThatDiesDoesNotEndThePlan(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*workload.Plan)
		during func(cancel func())
		unsent uint64
		over   time.Duration
	}{
		"duration": {edit: func(p *workload.Plan) { p.Duration = 14 * time.Second }, unsent: 8000, over: 14 * time.Second},
		"count":    {edit: func(p *workload.Plan) { p.Duration, p.Count = 0, 10000 }, unsent: 4000, over: 10 * time.Second},
		"flat out": {edit: func(p *workload.Plan) { p.Rate, p.Duration = 0, 14*time.Second }},
		"interrupted first": {
			edit:   func(p *workload.Plan) { p.Duration = 14 * time.Second },
			during: func(cancel func()) { time.Sleep(5 * time.Second); cancel() },
			over:   5 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan(t, 0, func(p *workload.Plan) {
				p.Rate, p.Window, p.DrainTimeout = 1000, 10, time.Second
				c.edit(p)
			})
			r := virtually(t, &fakeBroker{dieAt: 6001}, p, c.during)
			if d := int64(r.Unsent) - int64(c.unsent); d < -20 || d > 20 {
				t.Errorf("%d unsent of %d, want %d", r.Unsent, r.Books.Sent+r.Unsent, c.unsent)
			}
			if c.over > 0 {
				between(t, "planned", r.Planned, c.over-20*time.Millisecond, c.over+20*time.Millisecond)
			}
			if c.unsent == 0 {
				return
			}
			if r.SentPerSecond() > 1.01*6000/c.over.Seconds() {
				t.Errorf("%.0f sent a second", r.SentPerSecond())
			}
			if d := int64(r.Latencies[metric.FromDue].Censored) - int64(c.unsent); d < -20 || d > 20 {
				t.Errorf("%d latencies from due are lower bounds, want %d", r.Latencies[metric.FromDue].Censored, c.unsent)
			}
			between(t, "from due max", r.Latencies[metric.FromDue].Max(), c.over-6100*time.Millisecond, c.over-5900*time.Millisecond)
			if v := verdict.Of(p, r); v.RateKept || v.Invalid || v.Limit != verdict.Unclear || v.LateShare < 0.3 {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

// Messages that are lost, and receipts that never come, are latencies up to the end of the drain.
func TestWhatNeverCameIsALatency(t *testing.T) {
	p := plan(t, 0, func(p *workload.Plan) {
		p.Rate, p.Duration, p.Window, p.DrainTimeout = 100, 4*time.Second, 1000, 2*time.Second
	})
	b := &fakeBroker{
		deliver: func(n int, body []byte, next func([]byte)) {
			if n%10 != 1 {
				next(body)
			}
		},
		receiptAfter: func(n int) time.Duration {
			if n%10 == 1 {
				return -1
			}
			return time.Millisecond
		},
	}
	r := virtually(t, b, p, nil)
	if r.Books.Lost != 40 || r.Unknown != 40 {
		t.Fatalf("%d lost, %d unknown", r.Books.Lost, r.Unknown)
	}
	for name, h := range map[string]*histo.Histogram{"from due": r.Latencies[metric.FromDue], "confirm": r.Latencies[metric.Confirm]} {
		if h.Censored != 40 || h.Count() != 400 {
			t.Errorf("%s: %d of %d samples are lower bounds", name, h.Censored, h.Count())
		}
		between(t, name+" max", h.Max(), 5900*time.Millisecond, 6100*time.Millisecond)
	}
	if n := r.Latencies[metric.FromSend].Count(); n != 360 {
		t.Errorf("%d latencies from send", n)
	}
}
