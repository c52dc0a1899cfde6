package results_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// elsewhere returns the result of another machine that started later.
func elsewhere(seconds int, base, later time.Duration) *results.Result {
	r := result(seconds, base)
	r.RunIDs = []string{"0000000000000def"}
	r.StartedAt = start.Add(later)
	r.Machines[0].Host = "elsewhere"
	return r
}

func TestMerge(t *testing.T) {
	a, b := result(5, time.Millisecond), elsewhere(6, 3*time.Millisecond, 1200*time.Millisecond)
	b.Set(metric.Lost, 2)
	b.Set(metric.Foreign, 7)
	b.ExitCode = 3
	got, err := results.Merge([]*results.Result{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if got.Count(metric.Sent) != 11_000 || got.Count(metric.Received) != 11_000 || got.Count(metric.Lost) != 2 || got.Count(metric.Foreign) != 7 || got.ExitCode != 3 {
		t.Errorf("%+v", got.Values)
	}
	if got.StartedAt != start || len(got.Machines) != 2 || len(got.RunIDs) != 2 || got.Plan.Producers != 2 || got.Plan.RatePerSec != 2000 {
		t.Errorf("%v, %+v, %+v", got.StartedAt, got.Machines, got.Plan)
	}
	// From the first start to the last end.
	if want := 11_000 / 7.2; math.Abs(got.Value(metric.SentPerS)-want) > 0.01 || math.Abs(got.Value(metric.Sending)-7.2) > 1e-9 {
		t.Errorf("%+v, want %v/s", got.Values, want)
	}
	// Histograms are those of all samples: nothing is averaged.
	sum := histo.New()
	for i := range 11 {
		for k := range 1000 {
			base := time.Millisecond
			if i >= 5 {
				base = 3 * time.Millisecond
			}
			sum.Record(2 * (int64(base) + int64(k)*1000))
		}
	}
	if got.Latency[metric.FromDue] != metric.DistributionOf(sum) || got.Histogram(metric.FromDue).Count() != 11_000 {
		t.Errorf("%+v\nwant\n%+v", got.Latency[metric.FromDue], metric.DistributionOf(sum))
	}
	// So are the seconds: b's first is the second of the sum.
	var sent []uint64
	for i := range got.Series.Intervals {
		sent = append(sent, got.Series.Intervals[i].Count(metric.Sent))
	}
	if len(sent) != 7 || sent[0] != 1000 || sent[1] != 2000 || sent[4] != 2000 || sent[5] != 1000 {
		t.Errorf("%d", sent)
	}
	if n := inSeconds(got, metric.FromDue); n != 11_000 {
		t.Errorf("%d latencies in the seconds", n)
	}
	// It can be kept, read, and merged on.
	dir := t.TempDir()
	if err := got.Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := results.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	third := elsewhere(5, time.Millisecond, time.Second)
	third.RunIDs = []string{"3"}
	if more, err := results.Merge([]*results.Result{back, third}); err != nil || more.Count(metric.Sent) != 16_000 || len(more.Machines) != 3 {
		t.Errorf("%v", err)
	}
}

// part returns the result of a process that shares a run with others.
func part(later time.Duration, producers, consumers int, b *ledger.Book) *results.Result {
	r := elsewhere(3, time.Millisecond, later)
	r.BooksOpen, r.Plan.Producers, r.Plan.Consumers = true, producers, consumers
	if producers == 0 {
		r.Plan.SizeBytes, r.Plan.RatePerSec = 1, 0
		r.Set(metric.ReceivedBytesPerS, r.Value(metric.ReceivedPerS))
		zero(r, metric.Sent, metric.Confirmed, metric.Sending, metric.SentPerS, metric.SentBytesPerS)
	}
	if consumers == 0 {
		zero(r, metric.Received, metric.Receiving, metric.ReceivedPerS, metric.ReceivedBytesPerS)
	}
	zero(r, metric.Expected)
	packed, err := b.Pack()
	if err != nil {
		panic(err)
	}
	r.Ledger = &results.Ledger{Version: ledger.FormatVersion, Book: packed}
	return r
}

func zero(r *results.Result, ids ...metric.ID) {
	for _, id := range ids {
		r.Set(id, 0)
	}
}

// upTo is the set of the numbers from 1 on that are not missing.
func upTo(n uint64, missing ...uint64) *ledger.Set {
	s := &ledger.Set{}
	for i := uint64(1); i <= n; i++ {
		if !slices.Contains(missing, i) {
			s.Add(i)
		}
	}
	return s
}

// The parts of a run are one run again: books, times and rates.
func TestMergeUnites(t *testing.T) {
	sender := part(0, 2, 0, &ledger.Book{Sent: []ledger.Part{{Number: 5, Streams: []ledger.Stream{
		{Account: ledger.Account{Sent: 3000, Confirmed: upTo(3000, 7)}},
	}}}})
	receiver := func(later time.Duration, received *ledger.Set) *results.Result {
		return part(later, 0, 1, &ledger.Book{Received: []ledger.Copy{{
			Shared: true, Arrivals: []*ledger.Arrival{{Origin: ledger.Origin{Part: 5}, Received: *received}},
		}}})
	}
	one := receiver(200*time.Millisecond, upTo(2000, 7, 8))
	two := receiver(400*time.Millisecond, upTo(3000, slices.Collect(maps.Keys(numbers(1, 1999)))...))
	for _, r := range []*results.Result{one, two} {
		r.Set(metric.ReceivingFrom, 0.5)
		r.Set(metric.Receiving, 2.5)
	}
	one.Set(metric.Corrupt, 1)
	one.Set(metric.Nacked, 2)
	two.Set(metric.Foreign, 4)
	one.ExitCode = 3
	two.SLODeferred, sender.SLODeferred = "lost=0,sent>1k", "sent>1k"
	for _, all := range [][]*results.Result{{sender, one, two}, {two, one, sender}} {
		got, err := results.Merge(all)
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[metric.ID]uint64{
			metric.Sent: 3000, metric.Confirmed: 2999, metric.Expected: 3000, metric.Received: 2998, metric.Lost: 1, metric.ConfirmedLost: 1,
			metric.Duplicated: 1, metric.Corrupt: 1, metric.Foreign: 4, metric.Nacked: 2,
		} {
			if n := got.Count(id); n != want {
				t.Errorf("%s is %d, want %d", metric.Of(id).Name, n, want)
			}
		}
		if !got.United || got.BooksOpen || got.ExitCode != 3 {
			t.Errorf("%v, %v, exit %d", got.United, got.BooksOpen, got.ExitCode)
		}
		if got.Plan.Producers != 2 || got.Plan.Consumers != 2 || got.Plan.SizeBytes != 128 || got.Plan.RatePerSec != 1000 || len(got.RunIDs) != 1 {
			t.Errorf("%+v, %q", got.Plan, got.RunIDs)
		}
		// From the first message that came to the last: 0.7 s to 3.4 s.
		rate := (one.Value(metric.ReceivedPerS)*2.5 + two.Value(metric.ReceivedPerS)*2.5) / 2.7
		if math.Abs(got.Value(metric.Receiving)-2.7) > 1e-9 || math.Abs(got.Value(metric.ReceivingFrom)-0.7) > 1e-9 ||
			got.Value(metric.Sending) != 3 || got.Value(metric.SendingFrom) != 0 ||
			math.Abs(got.Value(metric.ReceivedPerS)-rate) > 1e-6 || math.Abs(got.Value(metric.ReceivedBytesPerS)-128*rate) > 1e-3 {
			t.Errorf("%+v", got.Values)
		}
		if _, known := got.Get(metric.MaxBacklog); known || got.Count(metric.Lost) != 1 || got.Histogram(metric.FromSend).Count() != 9000 {
			t.Errorf("lost %d, max_backlog is known: %v", got.Count(metric.Lost), known)
		}
		if conditions := strings.Split(got.SLODeferred, ","); len(conditions) != 2 || !slices.Contains(conditions, "lost=0") {
			t.Errorf("%q", got.SLODeferred)
		}
	}
}

func numbers(first, last uint64) map[uint64]bool {
	all := map[uint64]bool{}
	for n := first; n <= last; n++ {
		all[n] = true
	}
	return all
}

// How the parts ended is the exit code of a run whose books balance, but for what a
// part cannot tell.
func TestUnitedExitCode(t *testing.T) {
	for _, c := range []struct {
		sender, receiver int
		failure          string
		missing          []uint64
		want             int
	}{
		{}, {sender: 130, want: 130}, {receiver: 99}, {receiver: 3}, {sender: 4, receiver: 99, want: 4},
		{sender: 1, failure: "gone", missing: []uint64{2}, want: 1}, {sender: 130, missing: []uint64{2}, want: 3},
	} {
		sender := part(0, 1, 0, &ledger.Book{Sent: []ledger.Part{{Streams: []ledger.Stream{{Account: ledger.Account{Sent: 3}}}}}})
		receiver := part(1, 0, 1, &ledger.Book{Received: []ledger.Copy{{Arrivals: []*ledger.Arrival{{Received: *upTo(3, c.missing...)}}}}})
		sender.ExitCode, sender.Failure, receiver.ExitCode = c.sender, c.failure, c.receiver
		got, err := results.Merge([]*results.Result{sender, receiver})
		if err != nil || got.ExitCode != c.want {
			t.Errorf("%+v: %v, exit %d", c, err, got.ExitCode)
		}
	}
}

// What was sent after the receivers had left is not lost: nothing was there to receive it. A message before
// the last that came is lost all the same, and so is everything that receivers waited for.
func TestReceiversThatLeftEarly(t *testing.T) {
	for name, c := range map[string]struct {
		leave     [2]float64 // when the receivers left; the sender ends after 3 s
		hungUp    float64    // how long they took for that
		each      bool
		interrupt bool
		failure   string
		missing   []uint64
		lost      uint64
		code      int
	}{
		"both left":           {leave: [2]float64{1, 2}, failure: "result 3 stopped receiving 1s before result 1 stopped sending, so 90 messages had no receiver", code: 1},
		"hung up slowly":      {leave: [2]float64{1, 2}, hungUp: 3, failure: "result 3 stopped receiving 1s before result 1 stopped sending, so 90 messages had no receiver", code: 1},
		"and one was lost":    {leave: [2]float64{1, 2}, failure: "result 3 stopped receiving 1s before result 1 stopped sending, so 90 messages had no receiver", missing: []uint64{3}, lost: 1, code: 3},
		"one stayed":          {leave: [2]float64{1, 3.1}, lost: 90, code: 3},
		"a subscriber left":   {leave: [2]float64{2, 3.1}, each: true, failure: "result 2 stopped receiving 1s", lost: 100, code: 3},
		"interrupted by user": {leave: [2]float64{1, 2}, interrupt: true, code: 130},
	} {
		sender := part(0, 1, 0, &ledger.Book{Sent: []ledger.Part{{Streams: []ledger.Stream{{Account: ledger.Account{Sent: 100}}}}}})
		all := []*results.Result{sender}
		for i, left := range c.leave {
			received := upTo(10, c.missing...)
			if i == 1 {
				received = &ledger.Set{}
			}
			r := part(time.Duration(i+1), 0, 1, &ledger.Book{Received: []ledger.Copy{{Shared: !c.each, Arrivals: []*ledger.Arrival{{Received: *received}}}}})
			last := &r.Series.Intervals[len(r.Series.Intervals)-1]
			last.T = left + c.hungUp
			if c.hungUp > 0 {
				r.Ledger.ListenedSec = left
			}
			if r.Plan.Delivery = "shared"; c.each {
				r.Plan.Delivery = "each"
			}
			if r.Partial = c.interrupt; c.interrupt {
				r.ExitCode = 130
			}
			all = append(all, r)
		}
		got, err := results.Merge(all)
		if err != nil {
			t.Fatal(err)
		}
		if got.ExitCode != c.code || !strings.HasPrefix(got.Failure, c.failure) || (got.Failure != "") != (c.failure != "") ||
			got.Count(metric.Lost) != c.lost || got.Count(metric.Expected) != got.Count(metric.Received)+c.lost || got.Partial != (c.interrupt || c.failure != "") {
			t.Errorf("%s: exit %d, %q, %d lost of %d, %v", name, got.ExitCode, got.Failure, got.Count(metric.Lost), got.Count(metric.Expected), got.Partial)
		}
	}
}

// Flat out, a message is due when it is sent. A part that only receives cannot know that time, the
// merged result can.
func TestUnitedFlatOut(t *testing.T) {
	sender := part(0, 1, 0, &ledger.Book{Sent: []ledger.Part{{}}})
	sender.Plan.RatePerSec = 0
	got, err := results.Merge([]*results.Result{sender, part(1, 0, 1, &ledger.Book{})})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.Histograms[metric.FromDue]; ok || got.Series.Has(metric.FromDue) || got.Latency[metric.FromDue] != got.Latency[metric.FromSend] {
		t.Errorf("%+v", got.Latency)
	}
}

func TestNotMergeable(t *testing.T) {
	a := result(5, time.Millisecond)
	for name, all := range map[string][]*results.Result{
		"one":         {a},
		"twice":       {a, result(5, time.Millisecond)},
		"later":       {a, elsewhere(5, time.Millisecond, time.Hour)},
		"one of them": {a, elsewhere(5, time.Millisecond, time.Second), elsewhere(5, time.Millisecond, -time.Hour)},
	} {
		_, err := results.Merge(all)
		var merge *workload.Invalid
		if !errors.As(err, &merge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Parts whose clocks are centuries apart are refused before their series are laid side by side.
func TestMergeOfFarTimes(t *testing.T) {
	one, two := part(0, 2, 0, &ledger.Book{}), part(0, 0, 1, &ledger.Book{})
	two.StartedAt = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
	var not *workload.Invalid
	if _, err := results.Merge([]*results.Result{one, two}); !errors.As(err, &not) || !strings.Contains(err.Error(), "clocks") {
		t.Error(err)
	}
}
