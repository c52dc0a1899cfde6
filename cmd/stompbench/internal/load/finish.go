package load

import (
	"context"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// poll is how often we look whether everything has come.
const poll = 10 * time.Millisecond

// settle waits until the outcome of every message is known.
func (r *run) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), r.plan.DrainTimeout)
	defer cancel()
	go r.cancelOnFailure(ctx, cancel)
	_ = each(len(r.producers), func(i int) error {
		r.producers[i].flush(ctx)
		return nil
	})
}

// stragglers is how long there may be silence after a failure before what has not
// come is given up: nothing more may be sent, but what was on its way comes.
const stragglers = time.Second

// drain waits until every message that is expected has come, or until nothing has
// come for so long that the rest counts as lost.
func (r *run) drain() {
	if len(r.consumers) == 0 || len(r.producers) == 0 {
		return
	}
	accounts := r.accounts()
	last, since := uint64(0), time.Now()
	for !r.receivedAll(accounts) {
		n := r.arrived()
		if n != last {
			last, since = n, time.Now()
		}
		patience := r.plan.DrainTimeout
		if r.cause() != nil {
			patience = min(patience, stragglers)
		}
		if time.Since(since) > patience {
			return
		}
		time.Sleep(poll)
	}
}

// answer waits until what has come has its ACK or NACK. A subscription that ended
// before that would have its messages delivered to another one, once more.
func (r *run) answer() {
	for end := time.Now().Add(r.plan.DrainTimeout); time.Now().Before(end) && r.cause() == nil; time.Sleep(poll) {
		if !slices.ContainsFunc(r.consumers, (*consumer).busy) {
			return
		}
	}
}

// accounts returns what the producers know of their streams by now.
func (r *run) accounts() []ledger.Account {
	out := make([]ledger.Account, 0, len(r.streams))
	for _, p := range r.producers {
		p.mu.Lock()
		for _, s := range p.streams {
			out = append(out, s.account())
		}
		p.mu.Unlock()
	}
	return out
}

// receivedAll reports whether each group has what the accounts make it expect,
// damaged messages included.
func (r *run) receivedAll(accounts []ledger.Account) bool {
	r.tallies()
	for _, g := range r.groups {
		g.mu.Lock()
		got, want := g.book.Received()+g.damaged, g.book.Expected(accounts)
		g.mu.Unlock()
		if got < want {
			return false
		}
	}
	return true
}

// receivedFromStrangers reports whether n messages have come that others sent, to
// each consumer if each is to get them all.
func (r *run) receivedFromStrangers(n uint64) bool {
	r.tallies()
	sum, least := uint64(0), uint64(1<<64-1)
	for _, g := range r.groups {
		g.mu.Lock()
		got := g.book.Received() + g.damaged
		g.mu.Unlock()
		sum += got
		least = min(least, got)
	}
	if r.plan.Delivery == workload.Each {
		return least >= n
	}
	return sum >= n
}

// tallies adds up what all consumers have counted, and writes everything down.
func (r *run) tallies() (sum tally) {
	damaged := make(map[*group]uint64, len(r.groups))
	for _, c := range r.consumers {
		t := c.snapshot()
		damaged[c.group] += t.corrupt
		sum.add(t)
	}
	for _, g := range r.groups {
		g.mu.Lock()
		g.damaged = damaged[g]
		g.mu.Unlock()
	}
	return sum
}

// arrived counts everything that has come, of whatever kind.
func (r *run) arrived() uint64 {
	t := r.tallies()
	return t.intact + t.corrupt + t.foreign
}

func (t *tally) add(o tally) {
	t.intact += o.intact
	t.measured += o.measured
	t.nacked += o.nacked
	t.corrupt += o.corrupt
	t.foreign += o.foreign
	if t.first == 0 || o.first != 0 && o.first < t.first {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	if t.ackErr == nil {
		t.ackErr = o.ackErr
	}
}

// goodbye is how long leaving in good order may take, if the plan grants as much.
const goodbye = 3 * time.Second

// hangUp ends all sessions: in good order if nothing has failed. It may be called
// again.
func (r *run) hangUp() {
	if !r.closing.Swap(true) {
		close(r.over)
	}
	r.mu.Lock()
	sessions := r.sessions
	r.sessions = nil
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), min(goodbye, r.plan.DrainTimeout))
	defer cancel()
	healthy := r.cause() == nil
	if sessions != nil && healthy {
		_ = each(len(r.consumers), func(i int) error {
			if s := r.consumers[i].subscription; s != nil {
				_ = s.Unsubscribe(ctx)
			}
			return nil
		})
	}
	_ = each(len(sessions), func(i int) error {
		if healthy {
			_ = sessions[i].Disconnect(ctx) // a receipt that does not come is no harm now
		}
		_ = sessions[i].Close()
		return nil
	})
}
