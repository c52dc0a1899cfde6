package load

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// group is the ledger of the consumers that share one copy of the streams to a destination.
type group struct {
	destination int
	// streams are those of this process that reach the destination, as the book numbers them; nil if
	// the origins number them.
	streams   []uint32
	producers int // streams that the book may have

	mu   sync.Mutex
	book *ledger.Group
}

// newGroup returns the group of the subscribers of a destination.
func (r *run) newGroup(destination int) *group {
	if r.origins != nil {
		return &group{destination: destination, producers: strangers, book: ledger.NewGroup(strangers)}
	}
	g := &group{destination: destination, streams: r.streamsTo[r.route(destination)]}
	g.producers, g.book = len(g.streams), ledger.NewGroup(len(g.streams))
	for _, id := range g.streams {
		r.streams[id].copies++
	}
	return g
}

// expected returns how many messages of the accounts the group has to receive.
func (g *group) expected(accounts []ledger.Account) (n uint64) {
	for _, id := range g.streams {
		n += accounts[id].Expected()
	}
	return n
}

// route returns which element of streamsTo a destination is for. If consumers do not subscribe to the
// destinations of producers, all streams may reach each of them.
func (r *run) route(destination int) int {
	if r.Plan.Paired() {
		return destination
	}
	return 0
}

// newConsumers makes the consumers with their groups: one for each destination or, if each consumer
// gets everything, one for each subscription.
func (r *run) newConsumers(ctx context.Context, made *atomic.Int64) error {
	targets := r.Plan.ConsumeTargets().Len()
	shared := make(map[int]*group)
	for worker := range r.Plan.Consumers {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		made.Add(1)
		for _, d := range workload.Share(worker, r.Plan.Consumers, targets) {
			g := shared[d]
			if g == nil || r.Plan.Delivery == workload.Each {
				g = r.newGroup(d)
				r.groups = append(r.groups, g)
				shared[d] = g
			}
			r.consumers = append(r.consumers, newConsumer(r, worker, d, g))
		}
	}
	return nil
}

// wanted returns how many arrivals are expected of what was sent so far.
func (r *run) wanted() (n uint64) {
	for _, s := range r.streams {
		n += s.sent.Load() * s.copies
	}
	return n
}

// book returns this process's book, which must be frozen.
func (r *run) book() *ledger.Book {
	b := &ledger.Book{}
	if len(r.streams) > 0 {
		sent := ledger.Part{Number: r.part}
		for i, account := range r.accounts() {
			to := r.Plan.PublishTargets().Number(r.streams[i].destination)
			sent.Streams = append(sent.Streams, ledger.Stream{Destination: to, Account: account})
		}
		b.Sent = []ledger.Part{sent}
	}
	for _, g := range r.groups {
		c := g.book.Copy(func(i int) origin {
			if r.origins != nil {
				return r.origins.all[i]
			}
			return origin{Part: r.part, Stream: g.streams[i]}
		})
		c.Destination, c.Shared = r.Plan.ConsumeTargets().Number(g.destination), r.Plan.Delivery == workload.Shared
		b.Received = append(b.Received, c)
	}
	return b
}

type origin = ledger.Origin

// strangers bounds how many streams are distinguished if they are not all ours.
const strangers = 1 << 20

// origins numbers the streams that messages come from, if they are not all ours: our own first, the
// others in the order in which they appear.
type origins struct {
	mu      sync.Mutex
	numbers map[origin]uint32
	all     []origin // by number
}

// number returns the number of a stream; ok is false if there are too many.
func (o *origins) number(of origin) (n uint32, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n, ok = o.numbers[of]; ok {
		return n, true
	}
	if len(o.all) == strangers {
		return 0, false
	}
	n = uint32(len(o.all))
	o.all = append(o.all, of)
	o.numbers[of] = n
	return n, true
}

// newOrigins returns the origins of a run whose messages are not all ours, with our own streams; nil for
// a run that is by itself.
func (r *run) newOrigins() *origins {
	if len(r.producers) > 0 && !r.Plan.Shared() {
		return nil
	}
	o := &origins{numbers: make(map[origin]uint32)}
	for _, s := range r.streams {
		o.number(origin{Part: r.part, Stream: s.id})
	}
	return o
}

// number returns the number of a message's stream in the consumer's book; ok is false for a stream that
// does not reach it. Of the origins, the consumer keeps its own copy: see Locks.
func (c *consumer) number(s *stamp.Stamp) (n uint32, ok bool) {
	if c.run.origins == nil {
		n = c.run.streams[s.Producer].among
		return n, int(n) < len(c.group.streams) && c.group.streams[n] == s.Producer
	}
	of := origin{Part: s.Part, Stream: s.Producer}
	if n, ok = c.known[of]; ok {
		return n, true
	}
	if n, ok = c.run.origins.number(of); ok {
		c.known[of] = n
	}
	return n, ok
}
