package ledger

import "iter"

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
	return a.Rejected.Len()
}

// rejectedOf returns how many of the messages missing in received were rejected. Rejected ones that
// the set has forgotten count as not rejected: the worse case.
func (a *Account) rejectedOf(received *Set) uint64 {
	if a.rejected() == 0 {
		return 0
	}
	var missing uint64
	for run := range a.asked(received.Missing(a.Sent)) {
		missing += run.Len()
	}
	rejected := missing - overlap(a.asked(received.Missing(a.Sent)), a.Rejected.Missing(a.Sent/max(1, a.Every)))
	return rejected - min(rejected, a.Rejected.Forgotten())
}

// asked yields the numbers of the messages in runs that asked for a receipt, as Confirmed counts
// them.
func (a *Account) asked(runs iter.Seq[Interval]) iter.Seq[Interval] {
	every := max(1, a.Every)
	if every == 1 {
		return runs
	}
	return func(yield func(Interval) bool) {
		for run := range runs {
			of := Interval{First: (run.First + every - 1) / every, Last: run.Last / every}
			if of.First <= of.Last && !yield(of) {
				return
			}
		}
	}
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
		b.Received += g.Received()
		b.Duplicated += g.duplicated
		b.Redelivered += g.redelivered
		b.Reordered += g.reordered
		b.Expected += g.Expected(accounts)
		for i := range g.producers {
			at := g.account(i)
			if at >= len(accounts) {
				continue
			}
			b.closeOne(&accounts[at], g.of(i))
		}
	}
	return b
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
			for run := range accounts[at].lost(g.of(i)) {
				if !yield(at, run) {
					return
				}
			}
		}
	}
}

// lost yields the runs of messages that were sent, not rejected, and not received.
func (a *Account) lost(received *Set) iter.Seq[Interval] {
	missing := received.Missing(a.Sent)
	if a.rejected() == 0 {
		return missing
	}
	every := max(1, a.Every)
	return func(yield func(Interval) bool) {
		for run := range missing {
			for n := run.First; n <= run.Last; n++ { // rejections are few, or end the run
				if (n%every != 0 || !a.Rejected.Has(n/every)) && !yield(Interval{n, n}) {
					return
				}
			}
		}
	}
}

// closeOne adds the messages of one producer that one group is missing.
func (b *Balance) closeOne(a *Account, received *Set) {
	missing := received.MissingLen(a.Sent)
	b.Forgotten += received.Forgotten()
	if a.Confirmed != nil && missing > 0 {
		// Confirmed and missing = missing - missing in both sets. Forgotten ones count as
		// confirmed: the worse case.
		asked := received.Forgotten() / max(1, a.Every)
		for run := range a.asked(received.Missing(a.Sent)) {
			asked += run.Len()
		}
		unconfirmed := a.Confirmed.Missing(a.Sent / max(1, a.Every))
		b.ConfirmedLost += asked - overlap(a.asked(received.Missing(a.Sent)), unconfirmed)
	}
	if missing > 0 && a.rejected() > 0 {
		missing -= min(missing, a.rejectedOf(received))
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
