package ledger

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Account is a producer's record of the messages of one stream.
type Account struct {
	Sent uint64 // the producer has sent the numbers 1 to Sent
	// If Every is above 1, only the numbers Every, 2·Every, … asked for a receipt. Confirmed and
	// Rejected then count those: 1 is the first that asked. 0 is 1.
	Every     uint64
	Confirmed *Set // by receipts; nil if it asked for none
	Rejected  *Set // refused by the broker, so not expected to arrive; nil for none
}

// rejected returns how many messages were refused.
func (a *Account) rejected() uint64 {
	if a.Rejected == nil {
		return 0
	}
	return min(a.Rejected.Len(), a.Sent)
}

// receiptsLost returns how many of the receipts in a set are of messages that received does not
// have. Numbers that the set of receipts has forgotten count as in it.
func (a *Account) receiptsLost(receipts, received *Set) uint64 {
	every := max(1, a.Every)
	received.settle()
	lost := &received.missing
	if every > 1 {
		lost = roaring64.New()
		for run := range runs(&received.missing) {
			lost.AddRange((run.First+every-1)/every, run.Last/every+1)
		}
	}
	// Up to high the receipts of missing messages are in lost; behind it, all messages are missing.
	high, all := min(received.high, a.Sent)/every, a.Sent/every
	behind := receipts.upTo(all) - receipts.upTo(high)
	last := min(high, receipts.high)
	return lost.Rank(last) - roaring64.And(lost, &receipts.missing).Rank(last) + behind
}

// ConfirmedLost returns how many messages were confirmed and are not in received. Those that a set
// has forgotten count as lost and as confirmed: the worse case.
func (a *Account) ConfirmedLost(received *Set) uint64 {
	if a.Confirmed == nil {
		return 0
	}
	return a.receiptsLost(a.Confirmed, received) + received.Forgotten()/max(1, a.Every)
}

// rejectedLost returns how many messages were rejected and are not in received. Rejected ones that
// the set has forgotten count as not rejected: the worse case.
func (a *Account) rejectedLost(received *Set) uint64 {
	if a.rejected() == 0 {
		return 0
	}
	n := a.receiptsLost(a.Rejected, received)
	return n - min(n, a.Rejected.Forgotten())
}

// Balance is the result of closing the books.
type Balance struct {
	Sent      uint64
	Confirmed uint64
	Rejected  uint64

	// Received counts different messages in each group; with n groups that have lost nothing it is
	// n times what was sent.
	Received uint64
	Expected uint64
	// Lost counts messages that were sent, not rejected, and have not arrived, in each group.
	// ConfirmedLost is the part that the broker had confirmed.
	Lost, ConfirmedLost uint64
	// Duplicated counts messages that came again without a mark, Redelivered those that came again
	// marked as redelivered: after a NACK, or because the broker had no acknowledgement.
	Duplicated, Redelivered uint64
	Reordered               uint64
	// Forgotten is the part of Lost that the ledger could not keep track of. If it is not 0, Lost
	// and Duplicated may be too high by up to that many each.
	Forgotten uint64
}

// UnconfirmedLost is the part of Lost that the broker had not confirmed.
func (b *Balance) UnconfirmedLost() uint64 { return b.Lost - b.ConfirmedLost }

// Balanced reports whether every expected message arrived, and arrived again only with a mark of
// the broker.
func (b *Balance) Balanced() bool { return b.Lost == 0 && b.Duplicated == 0 }

// Close closes the books of all groups against those of all producers.
func Close(accounts []Account, groups []*Group) Balance {
	var b Balance
	for i := range accounts {
		a := &accounts[i]
		b.Sent += a.Sent
		b.Rejected += a.rejected()
		if a.Confirmed != nil {
			b.Confirmed += a.Confirmed.Len()
		}
	}
	for _, g := range groups {
		b.add(g, accounts)
	}
	return b
}

// add closes the book of one group.
func (b *Balance) add(g *Group, accounts []Account) {
	b.Received += g.Received()
	b.Duplicated += g.repeats.Duplicated
	b.Redelivered += g.repeats.Redelivered
	b.Reordered += g.repeats.Reordered
	b.Expected += g.Expected(accounts)
	for i := range g.producers {
		if at := g.account(i); at < len(accounts) {
			b.closeOne(&accounts[at], g.of(i))
		}
	}
}

// Lost yields the lost messages of a group, in runs of sequence numbers, with their account. Forgotten
// messages are left out.
func (g *Group) Lost(accounts []Account) iter.Seq2[int, Interval] {
	return func(yield func(int, Interval) bool) {
		for i := range g.producers {
			at := g.account(i)
			if at >= len(accounts) {
				return
			}
			for run := range runs(accounts[at].lost(g.of(i))) {
				if !yield(at, run) {
					return
				}
			}
		}
	}
}

// lost returns the messages that were sent, not rejected, and not received.
func (a *Account) lost(received *Set) *roaring64.Bitmap {
	received.settle()
	lost := received.missing.Clone()
	lost.AddRange(received.high+1, a.Sent+1)
	lost.RemoveRange(a.Sent+1, received.high+1)
	if a.rejected() > 0 {
		for run := range a.Rejected.runs() {
			for n := run.First; n <= run.Last; n++ {
				lost.Remove(n * max(1, a.Every))
			}
		}
	}
	return lost
}

// closeOne adds the messages of one producer that one group is missing.
func (b *Balance) closeOne(a *Account, received *Set) {
	b.Forgotten += received.Forgotten()
	missing := received.MissingLen(a.Sent)
	if missing == 0 {
		return
	}
	b.ConfirmedLost += a.ConfirmedLost(received)
	if a.rejected() > 0 {
		missing -= min(missing, a.rejectedLost(received))
		b.Forgotten += a.Rejected.Forgotten()
	}
	b.Lost += missing
}

// Forgive subtracts n messages that arrived damaged from the lost ones, because they did arrive. A
// damaged message cannot say which one it was.
func (b *Balance) Forgive(n uint64) {
	b.Lost -= min(n, b.Lost)
	b.ConfirmedLost = min(b.ConfirmedLost, b.Lost)
}
