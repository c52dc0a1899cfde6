package load

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// pollEvery is the interval at which poll looks.
const pollEvery = 10 * time.Millisecond

// stragglers is how long nothing may come after a failure before missing messages are given up: no
// more may be sent, but messages on their way still arrive. It is also the time for messages that
// were refused with NACK, once everything else has arrived, because a broker may drop them.
const stragglers = time.Second

// poll looks again and again, until the number that look has heard stays the same for the patience that
// it returns, or stop ends.
func (r *run) poll(stop context.Context, look func() (heard uint64, patience time.Duration)) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var silence pause.Silence
	for last := uint64(0); ; {
		heard, patience := look()
		if silence.Look(heard != last) >= patience {
			return
		}
		last = heard
		select {
		case <-tick.C:
		case <-stop.Done():
			return
		}
	}
}

// forever is a patience, as 0 is none.
const forever = time.Duration(1<<63 - 1)

// drain waits for the outcome of every message and for every expected message, until nothing has
// come for so long that the rest is given up. Receipts and messages count together, because a
// broker that is busy with one may be late with the other. Messages that are not waited for do not
// count. The plan's DrainLimit bounds the whole, because each message prolongs it, and so does the end
// of ending.
func (r *run) drain(ending context.Context) {
	if len(r.producers) == 0 {
		return
	}
	stop, cancel := context.WithTimeout(ending, r.Plan.DrainLimit)
	defer cancel()
	var settled atomic.Bool // every message has its outcome, and open transactions are committed
	var flushing sync.WaitGroup
	defer flushing.Wait()
	flush, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	flushing.Go(func() {
		_ = each(len(r.producers), func(i int) error {
			for _, s := range r.producers[i].streams {
				_ = s.sender.Flush(flush) // the books count the rest as unknown
			}
			return nil
		})
		settled.Store(true)
	})
	var accounts []ledger.Account
	all := false
	r.poll(stop, func() (heard uint64, patience time.Duration) {
		if accounts == nil && settled.Load() {
			accounts = r.accounts() // they do not change any more
		}
		a := r.arrived(accounts)
		// What other processes sent and received is not known here: only silence ends the wait.
		all = accounts != nil && (!r.Plan.Shared() || len(r.consumers) == 0) && !a.missing
		if all && a.cameBack() >= a.counts[metric.Nacked] {
			return 0, 0
		}
		patience = r.Plan.DrainTimeout
		if all || r.cause() != nil {
			patience = min(patience, stragglers)
		}
		return r.heard(&a) + r.answered(), patience
	})
	r.drainCut = !all && stop.Err() != nil
}

// awaitFirst returns when the run starts: now, or, if all messages come from other processes, at
// the first message. If none comes, it is the time when the wait was given up.
func (r *run) awaitFirst(ctx context.Context) (first int64) {
	if len(r.producers) == 0 && r.Plan.Shared() {
		r.poll(ctx, func() (heard uint64, patience time.Duration) {
			if first = r.arrived(nil).tally.came; first != 0 || r.cause() != nil {
				return 0, 0
			}
			return 0, r.Plan.Await
		})
	}
	if first == 0 {
		return r.clock.Now()
	}
	return first
}

// receive waits while only other processes send: in a shared run until no message of it has come for
// so long that they must have stopped, otherwise for the plan's count, of each consumer if each gets
// all.
func (r *run) receive(stop context.Context) {
	r.poll(stop, func() (heard uint64, patience time.Duration) {
		a := r.arrived(nil)
		switch came := a.came(); {
		case r.Plan.Shared() && came == 0: // awaitFirst has given up
			return 0, 0
		case r.Plan.Shared():
			return came, r.Plan.DrainTimeout
		}
		n := a.least
		if r.Plan.Delivery != workload.Each {
			n = a.different + a.counts[metric.Corrupt]
		}
		if r.Plan.Count > 0 && n >= r.Plan.Count {
			return 0, 0
		}
		return 0, forever
	})
}

// answer waits until all received messages have their ACK or NACK. Otherwise the broker would
// deliver them again when the subscription ends.
func (r *run) answer(ending context.Context) {
	r.poll(ending, func() (heard uint64, patience time.Duration) {
		if r.cause() != nil || !slices.ContainsFunc(r.consumers, (*consumer).busy) {
			return 0, 0
		}
		return 0, r.Plan.DrainTimeout
	})
}

// accounts returns the producers' accounts of their streams so far.
func (r *run) accounts() []ledger.Account {
	out := make([]ledger.Account, 0, len(r.streams))
	r.eachProducer(func(p *producer) {
		for _, s := range p.streams {
			out = append(out, s.account())
		}
	})
	return out
}

// arrivals is what all consumers have received so far.
type arrivals struct {
	tally
	different   uint64 // messages, in each group
	redelivered uint64
	least       uint64 // different and damaged messages of the group that has the fewest
	missing     bool   // a group has not received everything that is expected, including damaged messages
}

// arrived records everything gathered, and adds up what has come, compared with what the accounts
// expect.
func (r *run) arrived(accounts []ledger.Account) (a arrivals) {
	damaged := make(map[*group]uint64, len(r.groups))
	for _, c := range r.consumers {
		t := c.snapshot()
		damaged[c.group] += t.counts[metric.Corrupt]
		a.tally.add(t)
	}
	a.least = 1<<64 - 1
	for _, g := range r.groups {
		g.mu.Lock()
		got := g.book.Received()
		a.different += got
		a.redelivered += g.book.Redelivered()
		a.least = min(a.least, got+damaged[g])
		g.mu.Unlock()
		a.missing = a.missing || accounts != nil && got+damaged[g] < g.expected(accounts)
	}
	return a
}

// came counts the received messages of this run, including damaged ones.
func (a *arrivals) came() uint64 { return a.counts[metric.Received] + a.counts[metric.Corrupt] }

// cameBack counts messages that came again because they were refused.
func (a *arrivals) cameBack() uint64 { return min(a.redelivered, a.counts[metric.Nacked]) }

// heard counts the messages that restart the silence: those that came for the first time, or again
// after a NACK, and damaged ones, which may be either. Foreign messages may be ahead of ours in a
// queue, so they count until the first of ours has come. In a shared run all its messages count.
func (r *run) heard(a *arrivals) uint64 {
	if r.Plan.Shared() {
		return a.came()
	}
	n := a.different + min(a.counts[metric.Corrupt], r.wanted()) + a.cameBack()
	if a.counts[metric.Received] == 0 {
		n += a.counts[metric.Foreign]
	}
	return n
}

// answered counts the receipts and the rejections that have come.
func (r *run) answered() (n uint64) {
	r.eachProducer(func(p *producer) {
		for _, s := range p.streams {
			n += s.confirmed.Len() + s.rejected.Len()
		}
	})
	return n
}

func (t *tally) add(o tally) {
	t.counts.Add(&o.counts)
	t.measured += o.measured
	t.came, t.first = earlier(t.came, o.came), earlier(t.first, o.first)
	t.last = max(t.last, o.last)
	t.ackErr = cmp.Or(t.ackErr, o.ackErr)
}

// earlier returns the earlier of two times, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// goodbye is how long an orderly disconnect may take, if the plan allows as much; curtGoodbye is that
// when the time is over.
const (
	goodbye     = 3 * time.Second
	curtGoodbye = 300 * time.Millisecond
)

// hangUp ends all sessions: in an orderly way if nothing has failed. It may be called again.
func (r *run) hangUp(ending context.Context) {
	if !r.closing.Swap(true) {
		r.closedAt = r.clock.Now()
		close(r.over)
	}
	sessions := slices.DeleteFunc(r.sessions, func(s transport.Session) bool { return s == nil })
	r.sessions = nil
	patience := goodbye
	if ending.Err() != nil {
		ending, patience = context.Background(), curtGoodbye
	}
	ctx, cancel := context.WithTimeout(ending, min(patience, r.Plan.DrainTimeout))
	defer cancel()
	healthy := r.cause() == nil
	if len(sessions) > 0 && healthy {
		_ = each(len(r.consumers), func(i int) error {
			if unsubscribe := r.consumers[i].unsubscribe; unsubscribe != nil {
				_ = unsubscribe(ctx)
			}
			return nil
		})
	}
	_ = each(len(sessions), func(i int) error {
		if healthy {
			_ = sessions[i].Disconnect(ctx) // a missing receipt does not matter any more
		}
		_ = sessions[i].Close()
		return nil
	})
}
