package load

import (
	"sync"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

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

// newOrigins returns the origins of a run whose messages are not all ours, with our own
// streams; nil for a run that is by itself.
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
