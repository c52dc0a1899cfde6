package ledger

// Account is what a producer knows about its messages.
type Account struct {
	Sent      uint64   // it has sent the numbers 1 to Sent
	Confirmed *Set     // by receipts; nil if it asked for none
	Rejected  []uint64 // refused by the broker, so not expected to arrive
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
	Duplicated          uint64
	Reordered           uint64
	// Forgotten is the part of Lost that the ledger could not keep watching. If
	// it is not 0, Lost and Duplicated may be too high by up to that many each.
	Forgotten uint64
}

// UnconfirmedLost is the part of Lost that the broker had not vouched for.
func (b *Balance) UnconfirmedLost() uint64 { return b.Lost - b.ConfirmedLost }

// Balanced reports whether every expected message arrived exactly once.
func (b *Balance) Balanced() bool { return b.Lost == 0 && b.Duplicated == 0 }

// Close closes the books of all groups against those of all producers. Group
// books have the producers in the same order.
func Close(accounts []Account, groups []*Group) Balance {
	var b Balance
	for i := range accounts {
		a := &accounts[i]
		b.Sent += a.Sent
		b.Rejected += uint64(len(a.Rejected))
		if a.Confirmed != nil {
			b.Confirmed += a.Confirmed.Len()
		}
	}
	for _, g := range groups {
		b.Received += g.Received()
		b.Duplicated += g.duplicated
		b.Reordered += g.reordered
		b.Expected += b.Sent - b.Rejected
		for i := range min(len(accounts), len(g.received)) {
			b.closeOne(&accounts[i], &g.received[i])
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
		both := overlap(received.Missing(a.Sent), a.Confirmed.Missing(a.Sent))
		b.ConfirmedLost += missing - both
	}
	for _, n := range a.Rejected {
		if n <= a.Sent && !received.Has(n) && missing > 0 {
			missing--
		}
	}
	b.Lost += missing
}

// Forgive takes n messages that arrived damaged off those that are lost: they did
// arrive. Which ones they were, a damaged message cannot tell.
func (b *Balance) Forgive(n uint64) {
	b.Lost -= min(n, b.Lost)
	b.ConfirmedLost = min(b.ConfirmedLost, b.Lost)
}
