package broker

// Stats is a snapshot of a broker.
type Stats struct {
	Connections   int    // open now
	Accepted      uint64 // connections ever
	Rejected      uint64 // of those accepted, closed at once because of a bound on their number
	Destinations  int    // now
	Subscriptions int    // now

	MessagesIn   uint64 // taken by destinations
	MessagesOut  uint64 // encoded into outboxes, redelivered ones included
	Redelivered  uint64
	DeadLettered uint64
	Expired      uint64
	Unrouted     uint64 // sent to destinations that no session could receive from
	Errors       uint64 // ERROR frames
	// HeadersOmitted counts header lines that were left out of a MESSAGE because its reader's
	// version cannot represent them: see the package comment.
	HeadersOmitted uint64

	StoredBytes   int    // messages that wait or are not acknowledged, now
	HeldProducers int    // connections that are not read because of a full destination, now
	Holds         uint64 // times that a destination began to hold connections

	Faults Faults // that were injected
}

// Stats returns a snapshot. It locks one destination after the other, so the numbers need not be of
// the same moment.
func (b *Broker) Stats() Stats {
	st := Stats{Accepted: b.accepted.Load(), Rejected: b.rejected.Load(), Errors: b.errors.Load(), Unrouted: b.unrouted.Load(), Faults: b.faults.snapshot()}
	b.mu.Lock()
	st.Connections = len(b.sessions)
	b.mu.Unlock()

	r := &b.registry
	r.mu.RLock()
	defer r.mu.RUnlock()
	st.Destinations = len(r.byName)
	sum := r.past
	for _, d := range r.byName {
		d.mu.Lock()
		sum.add(&d.counts)
		st.Subscriptions += len(d.subs)
		st.HeldProducers += len(d.flow.held)
		d.mu.Unlock()
	}
	st.StoredBytes = int(b.stored.Load())
	st.MessagesIn, st.MessagesOut = sum.in, sum.out
	st.Redelivered, st.DeadLettered = sum.redelivered, sum.deadLettered
	st.Expired, st.Holds, st.HeadersOmitted = sum.expired, sum.holds, sum.omitted
	st.Unrouted += sum.unrouted
	return st
}

func (c *counts) add(o *counts) {
	c.in += o.in
	c.out += o.out
	c.redelivered += o.redelivered
	c.unrouted += o.unrouted
	c.expired += o.expired
	c.deadLettered += o.deadLettered
	c.holds += o.holds
	c.omitted += o.omitted
}
