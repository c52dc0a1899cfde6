package pacer_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// The producers' shares interleave to one even stream.
func TestScheduleIsEven(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7} {
		const total = 30_000.0
		var all []int64
		for i := range n {
			s := pacer.NewSchedule(1_000_000, pacer.Constant(total), i, n)
			for k := range uint64(1000) {
				all = append(all, s.Due(k))
			}
		}
		slices.Sort(all)
		if all[0] != 1_000_000 {
			t.Errorf("%d producers: the first message is due at %d", n, all[0])
		}
		for i := 1; i < len(all); i++ {
			if gap := all[i] - all[i-1]; math.Abs(float64(gap)-1e9/total) > 1 {
				t.Fatalf("%d producers: %d ns between messages %d and %d", n, gap, i-1, i)
			}
		}
	}
}

// After a day at a million a second the schedule is right to the microsecond.
func TestScheduleDoesNotDrift(t *testing.T) {
	s := pacer.NewSchedule(0, pacer.Constant(1e6/3), 0, 1)
	day := uint64(86400 * 1e6 / 3)
	if got := s.Due(day); math.Abs(float64(got)-86400e9) > 1000 {
		t.Errorf("message %d is due at %d", day, got)
	}
}

func TestScheduleBefore(t *testing.T) {
	for _, total := range []float64{3, 1000, 333_333, 1e6} {
		for i := range 3 {
			s := pacer.NewSchedule(77, pacer.Constant(total), i, 3)
			for k := range uint64(500) {
				if got := s.Before(s.Due(k)); got != k {
					t.Fatalf("rate %v, producer %d: %d messages due before message %d", total, i, got, k)
				}
				if got := s.Before(s.Due(k) + 1); got != k+1 {
					t.Fatalf("rate %v, producer %d: %d messages due up to message %d", total, i, got, k)
				}
			}
			if got := s.Before(0); got != 0 {
				t.Errorf("%d messages due before the start", got)
			}
		}
	}
}

func clock(start time.Time) func() int64 {
	return func() int64 { return int64(time.Since(start)) }
}

// In a world where sleeping is exact every message leaves when it is due.
func TestPacerIsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := clock(time.Now())
		p := pacer.New(now, time.Sleep)
		s := pacer.NewSchedule(0, pacer.Constant(333), 0, 1)
		for k := range uint64(2000) {
			got, err := p.Wait(t.Context(), s.Due(k))
			if err != nil || got != s.Due(k) {
				t.Fatalf("message %d left at %d, due at %d, %v", k, got, s.Due(k), err)
			}
		}
	})
}

// Held up for 100 ms, the producer sends those hundred messages at once, because
// they are due, and is on time from then on. Being early saves up nothing.
func TestPacerAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := clock(time.Now())
		p := pacer.New(now, time.Sleep)
		s := pacer.NewSchedule(0, pacer.Constant(1000), 0, 1)
		var late int
		for k := range uint64(1000) {
			if k == 500 {
				time.Sleep(100 * time.Millisecond)
			}
			got, err := p.Wait(t.Context(), s.Due(k))
			if err != nil {
				t.Fatal(err)
			}
			if lateness := got - s.Due(k); lateness > 0 {
				late++
			} else if lateness < 0 {
				t.Fatalf("message %d left early", k)
			}
		}
		if late != 99 {
			t.Errorf("%d messages were late, want those of the 100 ms", late)
		}
		if got := now(); got != int64(999*time.Millisecond) {
			t.Errorf("the last message left at %d", got)
		}
	})
}

func TestPacerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := clock(time.Now())
		p := pacer.New(now, time.Sleep)
		for _, wait := range []time.Duration{time.Hour, 12 * time.Millisecond} {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			_, err := p.Wait(ctx, now()+int64(wait))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			if took := time.Since(start); took > 20*time.Millisecond {
				t.Errorf("took %v to notice", took)
			}
			cancel()
		}
	})
}

// The real thing, loosely: it must not be early, and not absurdly late.
func TestPrecise(t *testing.T) {
	for _, d := range []time.Duration{20 * time.Microsecond, time.Millisecond} {
		start := time.Now()
		for range 50 {
			pacer.Precise(d)
		}
		if took := time.Since(start); took < 50*d/2 {
			t.Errorf("50 sleeps of %v took %v", d, took)
		}
	}
}
