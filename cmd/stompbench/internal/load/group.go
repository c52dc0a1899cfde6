package load

import (
	"sync"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// group is the ledger of the consumers that share one copy of the streams to a
// destination.
type group struct {
	// place says where a stream stands in the book; nil if at its own number.
	place     map[uint32]uint32
	producers int

	mu      sync.Mutex
	book    *ledger.Group
	damaged uint64
}

// producer returns the number that a stream has in the book, if it has one.
func (g *group) producer(stream uint32) (uint32, bool) {
	if g.place == nil {
		return stream, true
	}
	at, ok := g.place[stream]
	return at, ok
}

// strangers is how many streams are told apart when they are not ours.
const strangers = 1 << 20

// newGroup returns the book of those who subscribe to a destination.
func (r *run) newGroup(destination int) *group {
	switch {
	case len(r.producers) == 0:
		return &group{book: ledger.NewGroup(strangers), producers: strangers}
	case !r.plan.Paired() || r.plan.ConsumeTargets() == 1:
		return &group{book: ledger.NewGroup(len(r.streams)), producers: len(r.streams)}
	}
	of := r.streamsTo[destination]
	g := &group{place: make(map[uint32]uint32, len(of)), producers: len(of), book: ledger.NewGroupOf(of)}
	for i, id := range of {
		g.place[id] = uint32(i)
	}
	return g
}

// newConsumers makes the consumers with their groups: one for each destination or,
// if each consumer gets everything, one for each subscription.
func (r *run) newConsumers() {
	targets := r.plan.ConsumeTargets()
	shared := make(map[int]*group)
	for worker := range r.plan.Consumers {
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
}

// countCopies notes how many groups each stream goes to.
func (r *run) countCopies() {
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

// wanted returns how many arrivals there would be if nothing were on its way.
func (r *run) wanted() (n uint64) {
	for _, s := range r.streams {
		n += s.sent.Load() * s.copies
	}
	return n
}
