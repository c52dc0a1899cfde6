package ledger

import "iter"

// Account is what a producer knows about the messages of one stream.
type Account struct {
	Sent uint64 // it has sent the numbers 1 to Sent
	// Every says that only the numbers Every, 2·Every, … asked for a receipt.
	// Confirmed and Rejected then count those: 1 is the first that asked. 0 is 1.
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

// rejectedOf returns how many of those that are missing in received were refused. Those
// that the list of the refused ones has forgotten count as not refused: the worse case.
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

// asked yields those of runs of messages that asked for a receipt, as they are
// counted.
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

	// Received counts different messages, for each group; with n groups that have
	// lost nothing it is n times what was sent.
	Received uint64
	Expected uint64
	// Lost is what was sent, not rejected, and has not arrived, for each group.
	// ConfirmedLost is the part that the broker had vouched for.
	Lost, ConfirmedLost uint64
	// Duplicated came again without a word, Redelivered came again and the broker
	// said so: after a NACK, or because it had no acknowledgement.
	Duplicated, Redelivered uint64
	Reordered               uint64
	// Forgotten is the part of Lost that the ledger could not keep watching. If
	// it is not 0, Lost and Duplicated may be too high by up to that many each.
	Forgotten uint64
}

// UnconfirmedLost is the part of Lost that the broker had not vouched for.
func (b *Balance) UnconfirmedLost() uint64 { return b.Lost - b.ConfirmedLost }

// Balanced reports whether every expected message arrived, and once only as far as
// the broker did not say otherwise.
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
	var none Set
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
			received := &none
			if i < len(g.received) {
				received = &g.received[i]
			}
			b.closeOne(&accounts[at], received)
		}
	}
	return b
}

// closeOne adds what one group is missing of one producer.
func (b *Balance) closeOne(a *Account, received *Set) {
	missing := received.MissingLen(a.Sent)
	b.Forgotten += received.Forgotten()
	if a.Confirmed != nil && missing > 0 {
		// Confirmed and missing is what is missing less what is missing in both.
		// Forgotten ones are taken for confirmed: the worse case.
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

// Forgive takes n messages that arrived damaged off those that are lost: they did
// arrive. Which ones they were, a damaged message cannot tell.
func (b *Balance) Forgive(n uint64) {
	b.Lost -= min(n, b.Lost)
	b.ConfirmedLost = min(b.ConfirmedLost, b.Lost)
}
