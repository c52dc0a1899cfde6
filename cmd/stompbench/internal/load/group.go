package load

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// group is the ledger of the consumers that share one copy of the streams to a destination.
type group struct {
	destination int
	shared      bool // its consumers share it with those of other processes, if there are any
	paired      bool // its book has only the streams to the destination, by their place among these
	producers   int

	mu   sync.Mutex
	book *ledger.Group
}

// producer returns the number of a stream of this process in the book, if it has one.
func (r *run) producer(g *group, stream uint32) (uint32, bool) {
	if !g.paired {
		return stream, true
	}
	s := r.streams[stream]
	return s.among, s.destination == g.destination
}

// newGroup returns the book of the subscribers of a destination.
func (r *run) newGroup(destination int) *group {
	g := &group{destination: destination, shared: r.plan.Delivery == workload.Shared}
	switch {
	case r.origins != nil:
		g.book, g.producers = ledger.NewGroup(strangers), strangers
	case !r.plan.Paired() || r.plan.ConsumeTargets().Len() == 1:
		g.book, g.producers = ledger.NewGroup(len(r.streams)), len(r.streams)
	default:
		of := r.streamsTo[destination]
		g.book, g.producers, g.paired = ledger.NewGroupOf(of), len(of), true
	}
	return g
}

// newConsumers makes the consumers with their groups: one for each destination or, if each consumer
// gets everything, one for each subscription.
func (r *run) newConsumers(ctx context.Context, made *atomic.Int64) error {
	targets := r.plan.ConsumeTargets().Len()
	shared := make(map[int]*group)
	for worker := range r.plan.Consumers {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		made.Add(1)
		for _, d := range workload.Share(worker, r.plan.Consumers, targets) {
			g := shared[d]
			if g == nil || r.plan.Delivery == workload.Each {
				g = r.newGroup(d)
				r.groups = append(r.groups, g)
				shared[d] = g
			}
			r.consumers = append(r.consumers, newConsumer(r, worker, d, g))
		}
	}
	return nil
}

// countCopies records how many groups of this process each stream goes to.
func (r *run) countCopies() {
	if r.plan.Shared() {
		return
	}
	for _, g := range r.groups {
		if g.paired {
			for _, id := range r.streamsTo[g.destination] {
				r.streams[id].copies++
			}
			continue
		}
		for _, s := range r.streams {
			s.copies++
		}
	}
}

// wanted returns how many arrivals are expected of what was sent so far.
func (r *run) wanted() (n uint64) {
	for _, s := range r.streams {
		n += s.sent.Load() * s.copies
	}
	return n
}
