package load_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Every message that was due is in the books once, however the run ends: it was sent or not, and what
// was sent and asked for a receipt was confirmed, rejected, or has no known outcome.
func TestEveryMessageIsInTheBooksOnce(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { balances(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func balances(t *testing.T, draw *rand.Rand) {
	one := func(from ...int) int { return from[draw.IntN(len(from))] }
	seconds := func(most int) time.Duration { return time.Duration(1+draw.IntN(most*1000)) * time.Millisecond }
	p := plan(t, uint64(one(0, 500, 1000)), func(p *workload.Plan) {
		p.Producers, p.Consumers, p.Window = one(1, 3), one(0, 1, 2), one(0, 1, 10, 1000)
		p.Rate, p.DrainTimeout = float64(one(0, 100, 300)), time.Second
		if p.Rate > 0 && (p.Count == 0 || one(0, 1) == 0) {
			p.Duration, p.Warmup = seconds(5), time.Duration(one(0, 0, 1, 2))*time.Second
		}
		if p.Rate > 0 && p.Count == 0 && one(0, 1) == 0 {
			p.Profile, _ = workload.ParseRate("100:1s,50..300:2s,200:1s")
			p.Rate, p.Duration = 0, 0
		}
		if p.Count == 0 && p.Rate == 0 && len(p.Profile) == 0 {
			p.Count = 1000
		}
		switch one(0, 1, 2) {
		case 0:
			p.Transaction, p.Window = one(1, 3, 7, 100), 1
		case 1:
			if p.Window > 1 {
				p.ReceiptEvery = one(1, 3)
			}
		}
		if one(0, 1) == 0 {
			p.PublishTo, p.Destinations = "/queue/q-%d", workload.Range{First: 1, Last: 3}
		}
	})
	b := &fakeBroker{began: time.Now(), commitUnsent: one(0, 1) == 0}
	refuses := one(0, 0, 1) == 1
	interrupt := time.Duration(0)
	switch fault, at := one(0, 1, 2, 3), seconds(4); fault {
	case 1:
		b.frozen = func(now time.Duration) time.Duration {
			if now < at {
				return 0
			}
			return time.Hour
		}
	case 2:
		b.dieAt = 1 + draw.IntN(1000)
	case 3:
		interrupt = at
	}
	if p.Duration == 0 && interrupt == 0 {
		interrupt = 6 * time.Second
	}
	b.outcome = func(n int) conn.OutcomeStatus {
		switch {
		case refuses && n%10 == 0:
			return conn.Rejected
		case n%17 == 0 && p.Transaction == 0:
			return conn.Unknown
		}
		return conn.Confirmed
	}
	b.deliver = func(n int, body []byte, next func([]byte)) {
		if n%13 != 0 {
			next(body)
		}
	}
	ctx, cancel := context.WithCancel(world.With(t.Context(), &world.World{}))
	defer cancel()
	var stopped time.Time
	if interrupt > 0 {
		time.AfterFunc(interrupt, func() { stopped = time.Now(); cancel() })
	}
	var warmup struct{ due, delay, confirm uint64 }
	r, err := load.Run(ctx, load.Options{Plan: p, Dialer: b, OnSample: func(s *load.Sample) {
		if w := s.Warmup; w != nil {
			warmup.due += w[metric.FromDue].Count()
			warmup.delay += w[metric.SendDelay].Count()
			warmup.confirm += w[metric.Confirm].Count()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if !b.died.IsZero() && b.died.Before(stopped) {
		stopped = time.Time{} // a failure does not end the plan
	}
	describe := fmt.Sprintf("%+v\n%+v, %d unsent, %d unknown", *p, r.Books, r.Unsent, r.Unknown)

	start := r.Start.UnixNano()
	end := start + int64(time.Hour)
	if p.Duration > 0 {
		end = start + int64(p.Warmup+p.Duration)
	}
	if !stopped.IsZero() {
		end = min(end, stopped.UnixNano())
	}
	least, most := uint64(0), uint64(0)
	for i := range p.Producers {
		if !p.FlatOut() {
			// What is due when a run stops may have left or not.
			least += min(p.Quota(i), p.Schedule(start, i).Before(end))
			most += min(p.Quota(i), p.Schedule(start, i).Before(end+1))
		}
	}
	total := r.Books.Sent + r.Unsent
	if !p.FlatOut() && (total < least || total > most) {
		t.Errorf("%d sent and %d not, of %d to %d due: %s", r.Books.Sent, r.Unsent, least, most, describe)
	}
	if n := r.Latencies[metric.SendDelay].Count() + warmup.delay; !p.FlatOut() && n != total {
		t.Errorf("%d send delays: %s", n, describe)
	}
	outcomes := r.Books.Confirmed + r.Books.Rejected + r.Unknown
	switch {
	case p.Window == 0 && p.Transaction == 0:
		if outcomes != 0 {
			t.Errorf("outcomes without receipts: %s", describe)
		}
	case p.ReceiptEvery <= 1:
		if outcomes != r.Books.Sent {
			t.Errorf("%d outcomes: %s", outcomes, describe)
		}
	}
	if n := r.Latencies[metric.Confirm].Count() + warmup.confirm; n != outcomes-r.Books.Rejected {
		t.Errorf("%d times to a receipt: %s", n, describe)
	}
	// The broker of the test may die in the middle of a transaction.
	if !refuses && (b.dieAt == 0 || p.Transaction == 0) && r.Books.Expected != r.Books.Received+r.Books.Lost {
		t.Errorf("expected is not received and lost: %s", describe)
	}
}
