package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// producer sends one sequence of messages over one session.
type producer struct {
	run    *run
	index  int
	quota  uint64
	sender transport.Sender
	gate   *gate // nil without receipts
	bodies *workload.Bodies
	pacer  *pacer.Pacer
	delays batch  // the sending goroutine only
	unsent uint64 // due and not sent; set when it ends

	sent     atomic.Uint64
	lastSent atomic.Int64 // when

	// When each message that has no outcome yet was sent, by sequence number.
	sentAt []atomic.Int64

	mu        sync.Mutex // guards what outcomes change
	confirmed ledger.Set
	rejected  []uint64
	unknown   uint64
	refusal   error // the first
	confirms  batch
	frozen    bool // the books are being closed
}

func newProducer(r *run, index int) *producer {
	p := &producer{run: r, index: index, quota: r.plan.Quota(index), bodies: r.plan.NewBodies(index)}
	p.delays.recorder = r.delay.For(index)
	p.confirms.recorder = r.confirm.For(index)
	p.pacer = pacer.New(r.clock.Now, r.sleep)
	if window := r.plan.Window; window > 0 {
		p.gate = newGate(window)
		slots := 1
		for slots <= window { // a slot is set before its message is within the window
			slots *= 2
		}
		p.sentAt = make([]atomic.Int64, slots)
	}
	return p
}

// send sends until the quota is reached or the run stops. stop ends waiting for a
// turn; hard ends waiting for a broker that does not read.
func (p *producer) send(stop, hard context.Context) error {
	defer p.delays.flush()
	if p.run.plan.FlatOut() {
		return p.sendFlatOut(stop, hard)
	}
	return p.sendPaced(stop, hard)
}

func (p *producer) sendFlatOut(stop, hard context.Context) error {
	for seq := uint64(1); seq <= p.quota && !p.run.stopping.Load(); seq++ {
		if p.gate != nil && p.gate.enter(stop) != nil {
			return nil
		}
		if err := p.sendOne(hard, seq, 0, true); err != nil {
			return p.judge(err)
		}
	}
	return nil
}

// catchUp is how long after the end a message may leave that was due before it:
// what a sleep is late by, and not enough to work off a backlog.
const catchUp = int64(20 * time.Millisecond)

func (p *producer) sendPaced(stop, hard context.Context) (err error) {
	schedule := pacer.NewSchedule(p.run.start, p.run.plan.Rate, p.index, p.run.plan.Producers)
	k := uint64(0)
	defer func() {
		due := schedule.Before(min(p.run.clock.Now(), p.run.end))
		p.unsent = min(due, p.quota) - min(k, due, p.quota)
	}()
	for ; k < p.quota; k++ {
		due := schedule.Due(k)
		if due >= p.run.end {
			return nil
		}
		now, err := p.pacer.Wait(stop, due)
		if err != nil || p.run.stopping.Load() && (now < p.run.end || now > p.run.end+catchUp) {
			return nil
		}
		if p.gate != nil && p.gate.enter(stop) != nil {
			return nil
		}
		if err := p.sendOne(hard, k+1, due, false); err != nil {
			return p.judge(err)
		}
	}
	return nil
}

// judge tells a broker that did not read until the run was over, which the number
// of messages says as well, from a failure.
func (p *producer) judge(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// sendOne stamps and sends one message. Flat out, a message is due when it can be
// sent. It does not allocate.
func (p *producer) sendOne(ctx context.Context, seq uint64, due int64, flatOut bool) error {
	body, sum := p.bodies.Next()
	now := p.run.clock.Now()
	if flatOut {
		due = now
	} else {
		p.delays.addAt(now, now-due)
	}
	if p.sentAt != nil {
		p.sentAt[seq&uint64(len(p.sentAt)-1)].Store(now)
	}
	s := stamp.Stamp{Run: p.run.id.Load(), Producer: uint32(p.index), Sequence: seq, Due: due, Sent: now}
	stamp.Write(body, &s, sum)
	if _, err := p.sender.Send(ctx, body); err != nil {
		return err
	}
	p.sent.Store(seq)
	p.lastSent.Store(now)
	return nil
}

// maxRejected bounds the list of rejected messages. A broker that rejects one
// usually closes the connection with it.
const maxRejected = 1 << 16

// outcome is called by the client, from any goroutine.
func (p *producer) outcome(o conn.Outcome) {
	now := p.run.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen {
		return
	}
	defer p.gate.leave()
	switch o.Status {
	case conn.Confirmed:
		p.confirmed.Add(o.Seq)
		p.confirms.add(now - p.sentAt[o.Seq&uint64(len(p.sentAt)-1)].Load())
	case conn.Rejected:
		if len(p.rejected) < maxRejected {
			p.rejected = append(p.rejected, o.Seq)
		}
		if p.refusal == nil {
			p.refusal = o.Err
		}
	default:
		p.unknown++
	}
}

// confirmedLen returns how many messages the broker has confirmed, their
// latencies written down.
func (p *producer) confirmedLen() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.confirms.flush()
	return p.confirmed.Len()
}

// account closes the producer's side of the books.
func (p *producer) account() ledger.Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.confirms.flush()
	a := ledger.Account{Sent: p.sent.Load(), Rejected: p.rejected}
	if p.gate != nil {
		a.Confirmed = &p.confirmed
	}
	return a
}

// batch gathers latencies for a recorder that others may use too. Its owner
// guards it.
type batch struct {
	recorder *histo.Recorder
	flushed  int64 // when; for addAt
	n        int
	ns       [128]int64
}

// notLater is how long latencies may wait for their batch to fill. Samples are
// taken once a second.
const notLater = int64(100 * time.Millisecond)

// addAt is add for an owner that nobody else may ask to flush.
func (b *batch) addAt(now, ns int64) {
	b.add(ns)
	if now-b.flushed > notLater {
		b.flush()
		b.flushed = now
	}
}

func (b *batch) add(ns int64) {
	b.ns[b.n] = ns
	if b.n++; b.n == len(b.ns) {
		b.flush()
	}
}

func (b *batch) flush() {
	b.recorder.Record(b.ns[:b.n]...)
	b.n = 0
}
