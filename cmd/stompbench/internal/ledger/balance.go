package ledger

import "github.com/RoaringBitmap/roaring/v2/roaring64"

// Account is a producer's record of the messages of one stream.
type Account struct {
	Sent uint64 // the producer has sent the numbers 1 to Sent
	// If Every is above 1, only the numbers Every, 2·Every, … asked for a receipt. Confirmed and
	// Rejected then count those: 1 is the first that asked. 0 is 1.
	Every     uint64
	Confirmed *Set // by receipts; nil is none
	Rejected  *Set // refused by the broker, so not expected to arrive; nil is none
}

// rejected returns how many messages were refused.
func (a *Account) rejected() uint64 { return min(a.Rejected.Len(), a.Sent) }

// Expected returns how many messages have to be received.
func (a *Account) Expected() uint64 { return a.Sent - a.rejected() }

// receiptsLost returns how many of the receipts in a set are of messages that received does not
// have. Numbers that the set of receipts has forgotten count as in it.
func (a *Account) receiptsLost(receipts, received *Set) uint64 {
	every := max(1, a.Every)
	received.settle(received.high)
	lost := &received.missing
	if every > 1 {
		lost = roaring64.New()
		addRuns(lost, func(yield func(Interval) bool) {
			for run := range runs(&received.missing) {
				asked := Interval{(run.First + every - 1) / every, run.Last / every}
				if asked.First <= asked.Last && !yield(asked) {
					return
				}
			}
		})
	}
	// Up to high the receipts of missing messages are in lost; behind it, all messages are missing.
	high, all := min(received.high, a.Sent)/every, a.Sent/every
	behind := receipts.upTo(all) - receipts.upTo(high)
	last := min(high, receipts.high)
	return lost.Rank(last) - roaring64.And(lost, &receipts.missing).Rank(last) + behind
}

// lost returns the messages that were sent, not rejected, and not received.
func (a *Account) lost(received *Set) *roaring64.Bitmap {
	received.settle(received.high)
	lost := received.missing.Clone()
	lost.AddRange(received.high+1, a.Sent+1)
	lost.RemoveRange(a.Sent+1, received.high+1)
	if a.rejected() > 0 {
		rejected := roaring64.New()
		rejected.AddRange(1, a.Rejected.high+1)
		a.Rejected.settle(a.Rejected.high)
		rejected.AndNot(&a.Rejected.missing)
		for it := rejected.Iterator(); it.HasNext(); {
			lost.Remove(it.Next() * max(1, a.Every))
		}
	}
	return lost
}

// Balance is the result of closing the books.
type Balance struct {
	Sent      uint64
	Confirmed uint64
	Rejected  uint64

	// Received counts different messages in each copy; with n copies that have lost nothing it is n
	// times what was sent.
	Received uint64
	Expected uint64
	// Lost counts messages that were sent, not rejected, and have not arrived, in each copy.
	// ConfirmedLost is the part that the broker had confirmed.
	Lost, ConfirmedLost uint64
	// Unheard counts messages after the last that came from their producer, in copies whose consumers
	// had left: they are neither expected nor lost.
	Unheard uint64
	Repeats
	// Forgotten is the part of Lost that the ledger could not keep track of. If it is not 0, Lost
	// and Duplicated may be too high by up to that many each.
	Forgotten uint64
}

// Balanced reports whether every expected message arrived, and arrived again only with a mark of
// the broker.
func (b *Balance) Balanced() bool { return b.Lost == 0 && b.Duplicated == 0 }

// receive adds what one copy had to receive of one producer, and has not. What a set has forgotten
// counts as lost, as confirmed and as not rejected: the worse case. left is [Copy].Left.
func (b *Balance) receive(a *Account, received *Set, left bool) {
	b.Received += received.Len()
	b.Expected += a.Expected()
	b.Forgotten += received.forgotten
	missing := received.MissingLen(a.Sent)
	if missing == 0 {
		return
	}
	if a.Confirmed.Len() > 0 {
		b.ConfirmedLost += a.receiptsLost(a.Confirmed, received) + received.forgotten/max(1, a.Every)
	}
	if a.rejected() > 0 {
		n := a.receiptsLost(a.Rejected, received)
		missing -= min(missing, n-min(n, a.Rejected.forgotten))
		b.Forgotten += a.Rejected.forgotten
	}
	if left {
		unheard := min(missing, a.Sent-min(received.high, a.Sent))
		b.Unheard, b.Expected, missing = b.Unheard+unheard, b.Expected-unheard, missing-unheard
	}
	b.Lost += missing
	b.ConfirmedLost = min(b.ConfirmedLost, b.Lost)
}

// Forgive subtracts n messages that arrived damaged from the lost ones, because they did arrive. A
// damaged message cannot say which one it was.
func (b *Balance) Forgive(n uint64) {
	b.Lost -= min(n, b.Lost)
	b.ConfirmedLost = min(b.ConfirmedLost, b.Lost)
}
