package conn

import (
	"context"
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
	mu  sync.Mutex
	all atomic.Pointer[[]confirmer]
	err error // set when the connection has ended
}

// add enters w and returns its number.
func (ps *producers) add(w confirmer) (int, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.err != nil {
		w.fail(ps.err)
		return 0, ps.err
	}
	next := append(append([]confirmer(nil), ps.windows()...), w)
	ps.all.Store(&next)
	return len(next) - 1, nil
}

func (ps *producers) windows() []confirmer {
	if all := ps.all.Load(); all != nil {
		return *all
	}
	return nil
}

// settle finds the send that a receipt id names by its producer and its sequence
// number. It runs for each receipt and does not allocate.
func (ps *producers) settle(producer, sequence []byte, err error) bool {
	index, ok1 := decimal(producer)
	seq, ok2 := decimal(sequence)
	windows := ps.windows()
	if !ok1 || !ok2 || index >= uint64(len(windows)) {
		return false
	}
	return windows[index].settle(seq, err)
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
		w.fail(err)
	}
}
