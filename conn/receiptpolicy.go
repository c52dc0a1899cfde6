package conn

import (
	"slices"
	"strconv"

	"github.com/stompwire/stompwire/pool"
)

// receiptPolicy decides which frames of a producer ask for a receipt. Usually all do. If a receipt
// also confirms all frames before it, only every n-th frame asks, and the last frame of each batch
// that is written. So every send is covered by a receipt that was asked for, without a timer. The
// core knows n. The last frame of a batch is known only when the batch is taken from the outbox:
// then OnBatch inserts the receipt line.
//
// The fields that change are guarded by the outbox lock.
type receiptPolicy struct {
	every uint64
	line  []byte // the header line, up to the sequence number
	asked uint64 // the latest sequence number that has asked

	// If the latest frame has not asked, the position of its missing line in the outbox, and its
	// number. at is 0 if the frame has asked, or was written.
	at  int
	seq uint64
}

// wants reports whether frame seq asks for a receipt.
func (r *receiptPolicy) wants(seq uint64) bool { return r.every <= 1 || seq-r.asked >= r.every }

// size is the maximum length of the line.
func (r *receiptPolicy) size() int { return len(r.line) + len("18446744073709551615\n") }

func (r *receiptPolicy) append(dst []byte, seq uint64) []byte {
	dst = strconv.AppendUint(append(dst, r.line...), seq, 10)
	return append(dst, '\n')
}

// note records that frame seq is in the outbox. at is 0 if it has a receipt line, else the position
// where the line may be inserted.
func (r *receiptPolicy) note(seq uint64, at int) {
	r.seq, r.at = seq, at
	if at == 0 {
		r.asked = seq
	}
}

// addPolicy makes OnBatch complete the frames of a producer that does not ask for every receipt.
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
