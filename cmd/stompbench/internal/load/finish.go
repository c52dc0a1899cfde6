package load

import (
	"context"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// poll is the interval at which drain checks whether everything has arrived.
const poll = 10 * time.Millisecond

// stragglers is how long nothing may come after a failure before missing messages are given up: no
// more may be sent, but messages on their way still arrive. It is also the time for messages that
// were refused with NACK, once everything else has arrived, because a broker may drop them.
const stragglers = time.Second

// drain waits for the outcome of every message and for every expected message, until nothing has
// come for so long that the rest is given up. Receipts and messages count together, because a
// broker that is busy with one may be late with the other. Messages that are not waited for do not
// count. The plan's DrainLimit bounds the whole, because each message prolongs it, and so does the end
// of ending.
func (r *run) drain(ending context.Context) {
	if len(r.producers) == 0 {
		return
	}
	settled, giveUp := r.settle()
	defer giveUp()
	var accounts []ledger.Account
	began := time.Now()
	last := uint64(0)
	var silence pause.Silence
	for {
		if accounts == nil && isClosed(settled) {
			accounts = r.accounts() // they do not change any more
		}
		// What other processes sent and received is not known here: only silence ends the wait.
		all := accounts != nil && (!r.plan.Shared() || len(r.consumers) == 0) && r.receivedAll(accounts)
		if all && r.cameAgain() {
			return
		}
		n := r.heard() + r.answered()
		silent := silence.Look(n != last)
		last = n
		patience := r.plan.DrainTimeout
		if all || r.cause() != nil {
			patience = min(patience, stragglers)
		}
		if silent >= patience {
			return
		}
		if ending.Err() != nil || time.Since(began) >= r.plan.DrainLimit {
			r.drainCut = !all
			return
		}
		time.Sleep(poll)
	}
}

// settle waits for the outcome of every message until giveUp is called, which returns when nothing
// waits any more. Open transactions are committed.
func (r *run) settle() (settled <-chan struct{}, giveUp func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = each(len(r.producers), func(i int) error {
			r.producers[i].flush(ctx)
			return nil
		})
	}()
	return done, func() {
		cancel()
		<-done
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// answer waits until all received messages have their ACK or NACK. Otherwise the broker would
// deliver them again when the subscription ends.
func (r *run) answer(ending context.Context) {
	var silence pause.Silence
	for ; silence.Look(false) < r.plan.DrainTimeout && r.cause() == nil && ending.Err() == nil; time.Sleep(poll) {
		if !slices.ContainsFunc(r.consumers, (*consumer).busy) {
			return
		}
	}
}

// accounts returns the producers' accounts of their streams so far.
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

// receivedAll reports whether each group has received everything that the accounts expect,
// including damaged messages.
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

// receivedFromStrangers reports whether n messages of other processes have come, to each consumer
// if each gets all.
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

// tallies records everything gathered and adds up the tallies of all consumers.
func (r *run) tallies() (sum tally) {
	damaged := make(map[*group]uint64, len(r.groups))
	for _, c := range r.consumers {
		t := c.snapshot()
		damaged[c.group] += t.counts[metric.Corrupt]
		sum.add(t)
	}
	for _, g := range r.groups {
		g.mu.Lock()
		g.damaged = damaged[g]
		g.mu.Unlock()
	}
	return sum
}

// heard counts the messages that restart the silence: those that came for the first time, or again
// after a NACK, and damaged ones, which may be either. Foreign messages may be ahead of ours in a
// queue, so they count until the first of ours has come. In a shared run all its messages count.
func (r *run) heard() uint64 {
	if r.plan.Shared() {
		return r.came()
	}
	t := r.tallies()
	n := min(t.counts[metric.Corrupt], r.wanted()) + r.cameBack()
	if t.intact == 0 {
		n += t.counts[metric.Foreign]
	}
	for _, g := range r.groups {
		g.mu.Lock()
		n += g.book.Received()
		g.mu.Unlock()
	}
	return n
}

// cameAgain reports whether as many messages came again as were refused.
func (r *run) cameAgain() bool { return r.cameBack() >= r.tallies().counts[metric.Nacked] }

// cameBack counts messages that came again because they were refused.
func (r *run) cameBack() (n uint64) {
	nacked := r.tallies().counts[metric.Nacked]
	if nacked == 0 {
		return 0
	}
	for _, g := range r.groups {
		g.mu.Lock()
		n += g.book.Redelivered()
		g.mu.Unlock()
	}
	return min(n, nacked)
}

// answered counts the receipts and the rejections that have come.
func (r *run) answered() (n uint64) {
	for _, p := range r.producers {
		p.mu.Lock()
		for _, s := range p.streams {
			n += s.confirmed.Len() + s.rejected.Len()
		}
		p.mu.Unlock()
	}
	return n
}

func (t *tally) add(o tally) {
	t.intact += o.intact
	t.measured += o.measured
	t.counts.Add(&o.counts)
	if t.first == 0 || o.first != 0 && o.first < t.first {
		t.first = o.first
	}
	t.last = max(t.last, o.last)
	if t.ackErr == nil {
		t.ackErr = o.ackErr
	}
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
		close(r.over)
	}
	r.mu.Lock()
	sessions := r.sessions
	r.sessions = nil
	r.mu.Unlock()
	patience := goodbye
	if ending.Err() != nil {
		ending, patience = context.WithoutCancel(ending), curtGoodbye
	}
	ctx, cancel := context.WithTimeout(ending, min(patience, r.plan.DrainTimeout))
	defer cancel()
	healthy := r.cause() == nil
	if sessions != nil && healthy {
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
