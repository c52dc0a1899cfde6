package conn

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fullQueue is a window of 100 in which nothing is free.
type fullQueue struct {
	waitQueue
	free atomic.Int64
}

func newFullQueue() *fullQueue {
	r := new(fullQueue)
	r.init(100)
	return r
}

func (r *fullQueue) give(n int64) { r.wake(uint64(r.free.Add(n))) }

func (r *fullQueue) enter(ctx context.Context, done <-chan struct{}) error {
	defer func() { r.wake(uint64(r.free.Load())) }()
	for {
		if free := r.free.Load(); free > 0 && r.free.CompareAndSwap(free, free-1) {
			return nil
		}
		if err := r.wait(ctx, done, func() bool { return r.free.Load() > 0 }); err != nil {
			return err
		}
	}
}

func TestSenderWaitsForAQuarterOfTheWindow(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration // between outcomes
		want  time.Duration
	}{
		{"of a fast broker", linger / 100, 25 * linger / 100},
		{"of a slower one only for so long", linger / 4, linger},
		{"of a slow one not at all", 3 * linger, 3 * linger},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newFullQueue()
				var broker sync.WaitGroup
				defer broker.Wait()
				broker.Go(func() {
					for range 30 {
						time.Sleep(c.every)
						r.give(1)
					}
				})
				start := time.Now()
				if err := r.enter(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != c.want {
					t.Errorf("went on after %v, want %v", took, c.want)
				}
			})
		})
	}
}

// Every waiting sender gets its turn, however many wait and however few bytes become free at a
// time.
func TestEverySenderFindsRoom(t *testing.T) {
	for _, at := range []int64{1, 7, 25, 100} {
		synctest.Test(t, func(t *testing.T) {
			r := newFullQueue()
			var wg sync.WaitGroup
			for range 500 {
				wg.Go(func() {
					if err := r.enter(t.Context(), nil); err != nil {
						t.Error(err)
					}
				})
			}
			for given := int64(0); given < 500; given += at {
				time.Sleep(linger / 3)
				r.give(at)
			}
			wg.Wait() // a deadlock is reported by synctest
		})
	}
}

func TestWaitingForRoomEnds(t *testing.T) {
	for _, after := range []time.Duration{linger / 2, 2 * linger} {
		synctest.Test(t, func(t *testing.T) {
			r := newFullQueue()
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			if err := r.wait(ctx, nil, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			done := make(chan struct{})
			time.AfterFunc(after, func() { close(done) })
			if err := r.wait(t.Context(), done, func() bool { return false }); err != nil {
				t.Errorf("after %v: %v", after, err)
			}
		})
	}
}
