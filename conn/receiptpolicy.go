package conn

import (
	"slices"
	"strconv"

	"github.com/stompwire/stompwire/pool"
)

// receiptPolicy says which frames of a producer ask for a receipt. Usually all do. Where a
// receipt holds for all frames before it, too, only every Nth does, and the last one of each
// batch that is written, so that no send waits for a receipt that was not asked for, and no timer
// is needed. Which frame is the last is known when the batch is taken from the outbox: then the
// line is inserted where it belongs.
//
// All that changes is guarded by the outbox lock.
type receiptPolicy struct {
	every uint64
	line  []byte // the header line, up to the number
	asked uint64 // the latest number that has asked

	// The latest frame has not asked, and its line would be at this place of the outbox; 0 if it
	// has asked, or has been written.
	at  int
	seq uint64
}

// wants reports whether frame seq is to ask.
func (r *receiptPolicy) wants(seq uint64) bool { return r.every <= 1 || seq-r.asked >= r.every }

// size is how long the line may become.
func (r *receiptPolicy) size() int { return len(r.line) + len("18446744073709551615\n") }

func (r *receiptPolicy) append(dst []byte, seq uint64) []byte {
	dst = strconv.AppendUint(append(dst, r.line...), seq, 10)
	return append(dst, '\n')
}

// note takes note that frame seq is in the outbox: with a line if at is 0, and else without one
// that would be at that place.
func (r *receiptPolicy) note(seq uint64, at int) {
	r.seq, r.at = seq, at
	if at == 0 {
		r.asked = seq
	}
}

// addPolicy has OnBatch complete the frames of a producer that skips receipts.
func (w *wire) addPolicy(r *receiptPolicy) {
	if r.every > 1 {
		w.changePolicies(func(all []*receiptPolicy) []*receiptPolicy { return append(all, r) })
	}
}

// forgetPolicy undoes addPolicy.
func (w *wire) forgetPolicy(r *receiptPolicy) {
	if r.every > 1 {
		w.changePolicies(func(all []*receiptPolicy) []*receiptPolicy {
			return slices.DeleteFunc(all, func(other *receiptPolicy) bool { return other == r })
		})
	}
}

func (w *wire) changePolicies(change func(all []*receiptPolicy) []*receiptPolicy) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	next := change(slices.Clone(w.allPolicies()))
	w.policies.Store(&next)
}

func (w *wire) allPolicies() []*receiptPolicy {
	if all := w.policies.Load(); all != nil {
		return *all
	}
	return nil
}

// OnBatch is called by the link, with the outbox locked.
func (h *wireHandler) OnBatch(out *pool.Buffer) {
	all := (*wire)(h).allPolicies()
	for _, r := range all {
		if r.at == 0 {
			continue
		}
		var room [64]byte
		line, at := r.append(room[:0], r.seq), r.at
		out.Grow(len(line))
		out.B = slices.Insert(out.B, at, line...)
		r.note(r.seq, 0)
		for _, other := range all {
			if other.at > at {
				other.at += len(line)
			}
		}
	}
}
