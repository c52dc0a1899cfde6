package conn

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// confirmer takes the outcomes of the sends of one producer.
type confirmer interface {
	// settle reports the outcome of seq and whether it was waited for.
	settle(seq uint64, err error) bool
	// disturb says that the broker could not process some frame, and has not said
	// which.
	disturb(err error)
	// flush waits until there is no send without outcome.
	flush(ctx context.Context) error
	// fail says that the connection has ended.
	fail(err error)
}

// producers are the windows of a connection, found by the number in a receipt id.
// The reading side sees an immutable snapshot.
type producers struct {
	mu   sync.Mutex
	next uint64 // number to be given out; none is given twice
	all  atomic.Pointer[[]numbered]
	err  error // set when the connection has ended
}

type numbered struct {
	number uint64
	confirmer
}

// add enters w and returns its number.
func (ps *producers) add(w confirmer) (uint64, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.err != nil {
		w.fail(ps.err)
		return 0, ps.err
	}
	number := ps.next
	ps.next++
	next := append(slices.Clone(ps.windows()), numbered{number, w})
	ps.all.Store(&next)
	return number, nil
}

// remove forgets the one with this number. Receipts that still come for it are ignored.
func (ps *producers) remove(number uint64) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(ps.windows()), func(w numbered) bool { return w.number == number })
	ps.all.Store(&next)
}

// windows returns all, in the order of their numbers.
func (ps *producers) windows() []numbered {
	if all := ps.all.Load(); all != nil {
		return *all
	}
	return nil
}

// find returns the one with this number, nil if it is not there. Where none was
// removed, the number is its place.
func (ps *producers) find(number uint64) confirmer {
	all := ps.windows()
	if number < uint64(len(all)) && all[number].number == number {
		return all[number].confirmer
	}
	at, found := slices.BinarySearchFunc(all, number, func(w numbered, number uint64) int { return cmp.Compare(w.number, number) })
	if !found {
		return nil
	}
	return all[at].confirmer
}

// settle finds the send that a receipt id names by its producer and its sequence
// number. It runs for each receipt and does not allocate.
func (ps *producers) settle(producer, sequence []byte, err error) bool {
	number, ok1 := decimal(producer)
	seq, ok2 := decimal(sequence)
	if !ok1 || !ok2 {
		return false
	}
	w := ps.find(number)
	return w != nil && w.settle(seq, err)
}

// decimal parses a number as we write it.
func decimal(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + uint64(d-'0')
	}
	return n, true
}

// flush waits until no producer has a send without outcome.
func (ps *producers) flush(ctx context.Context) error {
	for _, w := range ps.windows() {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (ps *producers) disturb(err error) {
	for _, w := range ps.windows() {
		w.disturb(err)
	}
}

func (ps *producers) fail(err error) {
	ps.mu.Lock()
	ps.err = err
	ps.mu.Unlock()
	for _, w := range ps.windows() {
		defer w.fail(err) // all of them, even if an OnOutcome ends this goroutine
	}
}
