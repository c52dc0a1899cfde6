package faults_test

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stompwire/stompwire/pool"
)

const (
	// patience is how long anything may take that has to happen. It is long because a busy machine is no failure.
	patience = 3 * time.Minute
	// longPatience is for what a broker has to write to disk, message by message.
	longPatience = 10 * time.Minute
	// growth is how much the live heap may grow in a test of one fault, with the embedded broker and the proxies; longGrowth in
	// one that keeps books of a hundred thousand messages besides.
	growth     = 64 << 20
	longGrowth = 256 << 20
)

// leavesNothing has the test fail if it leaves goroutines or pooled buffers behind, or took too much memory meanwhile. It is
// called before anything else is started, so that it looks when all of that has ended.
func leavesNothing(t *testing.T) { leavesNothingAfter(t, growth) }

// leavesNothingAfter is leavesNothing with another bound for the growth of the heap.
func leavesNothingAfter(t *testing.T, growth uint64) {
	t.Helper()
	excuses, before := excused(), pool.InUse()
	runtime.GC()
	start, stop := liveHeap(), make(chan struct{})
	peak := make(chan uint64)
	go func() {
		var most uint64
		for {
			most = max(most, liveHeap())
			select {
			case <-stop:
				peak <- most
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		if most := <-peak; most > start+growth {
			t.Errorf("the heap grew by %d MiB", (most-start)>>20)
		}
		var err error
		if !comesTrue(func() bool { err = goleak.Find(excuses...); return err == nil }) {
			t.Error(err)
		}
		if !comesTrue(func() bool { return pool.InUse() == before }) {
			t.Errorf("%d pooled buffers are not released", pool.InUse()-before)
		}
	})
}

// liveHeap is what the last collection has found in use. What waits for the next depends on when that finds time.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// comesTrue waits until what returns true, and says whether it did.
func comesTrue(what func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if what() {
			return true
		}
	}
	return what()
}

// eventually fails the test unless what comes true.
func eventually(t *testing.T, name string, what func() bool) {
	t.Helper()
	if !comesTrue(what) {
		t.Fatalf("never came true: %s", name)
	}
}

var errNeverReturned = errors.New("it has not returned")

// returns runs a call that has limit as its deadline, and fails the test if it outlives that.
func returns(t *testing.T, name string, limit time.Duration, call func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	late := time.NewTimer(limit + patience)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		t.Errorf("%s has not returned long after its deadline of %v", name, limit)
		return errNeverReturned
	}
}
