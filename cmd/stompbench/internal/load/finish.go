package load

import (
	"context"
	"slices"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// poll is how often we look whether everything has come.
const poll = 10 * time.Millisecond

// stragglers is how long there may be silence after a failure before what has not
// come is given up: nothing more may be sent, but what was on its way comes. So it is
// with messages that were refused, when all else has come: a broker may drop them.
const stragglers = time.Second

// maxDrain is how long that may take in all: each message that comes prolongs it, and
// there may be millions. Tests have it shorter.
var maxDrain = time.Hour

// drain waits for the outcome of every message and for every message that is expected,
// until there has been silence for so long that the rest is given up. Receipts and
// messages are one silence: a broker that is busy with the ones may be late with the
// others. What is not waited for breaks no silence.
func (r *run) drain() {
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
			accounts = r.accounts() // which nothing changes any more
		}
		// What others sent, and received, is for them to know: only silence tells.
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
		if silent >= patience || time.Since(began) >= max(maxDrain, patience) {
			return
		}
		time.Sleep(poll)
	}
}

// settle waits for the outcome of every message until it is told to give up, which
// returns when nobody waits any more. Transactions that are open are committed.
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

// answer waits until what has come has its ACK or NACK. A subscription that ended
// before that would have its messages delivered to another one, once more.
func (r *run) answer() {
	var silence pause.Silence
	for ; silence.Look(false) < r.plan.DrainTimeout && r.cause() == nil; time.Sleep(poll) {
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

// heard counts what breaks the silence: what has come for the first time, or again after
// a NACK, and what may be that and is damaged. What is not ours may lie before what is, so
// it counts while none of ours has come. Of a run that others have part in, all of its
// messages count.
func (r *run) heard() uint64 {
	if r.plan.Shared() {
		return r.came()
	}
	t := r.tallies()
	n := min(t.corrupt, r.wanted()) + r.cameBack()
	if t.intact == 0 {
		n += t.foreign
	}
	for _, g := range r.groups {
		g.mu.Lock()
		n += g.book.Received()
		g.mu.Unlock()
	}
	return n
}

// cameAgain reports whether as many messages came again as were refused.
func (r *run) cameAgain() bool { return r.cameBack() >= r.tallies().nacked }

// cameBack counts messages that came again because they were refused.
func (r *run) cameBack() (n uint64) {
	nacked := r.tallies().nacked
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
