package load

import (
	"context"
	"sync"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// group is the ledger of the consumers that share one copy of the streams to a destination.
type group struct {
	destination int
	shared      bool // its consumers share it with those of other processes, if there are any
	// place maps a stream to its number in the book; nil if they are the same.
	place     map[uint32]uint32
	streams   []uint32 // by place
	producers int

	mu      sync.Mutex
	book    *ledger.Group
	damaged uint64
}

// producer returns the number of a stream in the book, if it has one.
func (g *group) producer(stream uint32) (uint32, bool) {
	if g.place == nil {
		return stream, true
	}
	at, ok := g.place[stream]
	return at, ok
}

// stream returns the stream with a number in the book.
func (g *group) stream(place int) uint32 {
	if g.place == nil {
		return uint32(place)
	}
	return g.streams[place]
}

// newGroup returns the book of the subscribers of a destination.
func (r *run) newGroup(destination int) *group {
	g := &group{destination: destination, shared: r.plan.Delivery == workload.Shared}
	switch {
	case r.origins != nil:
		g.book, g.producers = ledger.NewGroup(strangers), strangers
	case !r.plan.Paired() || r.plan.ConsumeTargets() == 1:
		g.book, g.producers = ledger.NewGroup(len(r.streams)), len(r.streams)
	default:
		of := r.streamsTo[destination]
		g.book, g.producers, g.streams = ledger.NewGroupOf(of), len(of), of
		g.place = make(map[uint32]uint32, len(of))
		for i, id := range of {
			g.place[id] = uint32(i)
		}
	}
	return g
}

// newConsumers makes the consumers with their groups: one for each destination or, if each consumer
// gets everything, one for each subscription.
func (r *run) newConsumers(ctx context.Context) error {
	targets := r.plan.ConsumeTargets()
	shared := make(map[int]*group)
	for worker := range r.plan.Consumers {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.connected.workers.Add(1)
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
	everywhere := uint64(0)
	for _, g := range r.groups {
		if g.place == nil {
			everywhere++
		}
		for id := range g.place {
			r.streams[id].copies++
		}
	}
	for _, s := range r.streams {
		s.copies += everywhere
	}
}

// wanted returns how many arrivals are expected of what was sent so far.
func (r *run) wanted() (n uint64) {
	for _, s := range r.streams {
		n += s.sent.Load() * s.copies
	}
	return n
}
