package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// producer sends messages over one session, to its destinations in turn.
type producer struct {
	run     *run
	index   int
	quota   uint64
	streams []*stream
	turn    int    // index of the next stream; the sending goroutine only, like what follows
	every   uint64 // each so many messages ask for a receipt
	gate    *gate  // nil without receipts, and with transactions
	bodies  *workload.Bodies
	inBody  bool    // the stamp is in the body
	fields  *fields // nil if all messages have the same headers
	levels  []uint8 // priorities of messages, used in turn; nil if all are the same
	message message
	pacer   *pacer.Pacer
	// schedule says when messages are due; nil when sending flat out.
	schedule *pacer.Schedule
	delays   [2]batch // the other one is of the warm-up
	waits    waits
	lastSent int64 // when
	ended    int64 // when sending ended

	transacted bool
	unsent     uint64 // due and not sent; set at the end, like what follows
	cutOff     uint64 // of those, due after a failure

	mu          sync.Mutex // guards what outcomes change
	refusal     error      // the first rejection
	confirms    [2]batch   // the other one is of the warm-up
	lastConfirm int64      // when the last receipt after the warm-up came
	frozen      bool       // the books are being closed
}

func newProducer(r *run, index int) *producer {
	p := &producer{
		run: r, index: index, quota: r.Plan.Quota(index), bodies: r.Plan.NewBodies(index),
		inBody: r.Plan.Stamp == workload.StampBody, every: uint64(r.Plan.ReceiptEvery),
		levels: r.Plan.PriorityLevels(index), transacted: r.Plan.Transaction > 0,
	}
	p.delays, p.confirms = r.batches(metric.SendDelay, producerBatch), r.batches(metric.Confirm, producerBatch)
	p.pacer = pacer.New(r.clock.Now, r.sleep)
	destinations := workload.Share(index, r.Plan.Producers, r.Plan.PublishTargets().Len())
	for _, d := range destinations {
		s := &stream{p: p, place: len(p.streams), id: uint32(len(r.streams)), destination: d}
		r.streams = append(r.streams, s)
		p.streams = append(p.streams, s)
		switch {
		case r.Plan.Transaction > 0:
			s.sentAt = slots(r.Plan.Transaction)
		case r.Plan.Window > 0:
			s.sentAt = slots(span(r.Plan.Window, len(destinations)))
		}
	}
	if r.Plan.Window > 0 && r.Plan.Transaction == 0 {
		p.gate = newGate(r.Plan.Window, r.clock.Now, &p.waits.window)
	}
	return p
}

// slots returns memory for the times of n messages and the next one: a slot is set before its
// message is within the window.
func slots(n int) []atomic.Int64 {
	size := 1
	for size <= n {
		size *= 2
	}
	return make([]atomic.Int64, size)
}

// prepare makes the senders on a session.
func (p *producer) prepare(s transport.Session) error {
	plan := p.run.Plan
	if plan.Extra.Any() && plan.Extra.Escapes > 0 && s.Agreed().Version == frame.Version10 {
		return &SetupError{"prepare to send", ErrNoEscapes}
	}
	same, differing := newFields(plan, p.index, s.Agreed().Dialect, p.run.extra)
	p.fields = differing
	for _, st := range p.streams {
		cfg := conn.ProducerConfig{Destination: plan.PublishTargets().Name(st.destination), Headers: same, Window: -1, OnOutcome: st.outcome}
		if p.gate != nil {
			cfg.Window = span(plan.Window, len(p.streams))
		}
		var err error
		if st.sender, err = s.NewSender(cfg, plan.ReceiptEvery, plan.Transaction); err != nil {
			return &SetupError{"prepare to send to " + cfg.Destination, err}
		}
	}
	return nil
}

// send sends until the quota is reached or the run stops. stop ends waiting for the schedule; hard
// ends waiting for a broker that does not read.
func (p *producer) send(stop, hard context.Context) error {
	k := uint64(0)
	if !p.run.Plan.FlatOut() {
		p.schedule = p.run.Plan.Schedule(p.run.start, p.index)
	}
	defer func() {
		p.delays[0].flush()
		p.delays[1].flush()
		due := p.run.clock.Now()
		p.ended = due
		if p.schedule != nil {
			due = p.schedule.Due(k)
		}
		p.waits.woke(due, p.ended, p.pacer.Waited()) // the last Send may have stalled too
	}()
	for ; k < p.quota; k++ {
		due, ok := p.await(stop, k)
		if !ok {
			return nil
		}
		s := p.next()
		if p.asks(s) && p.gate.enter(stop) != nil {
			return nil
		}
		switch err := p.sendOne(hard, s, k+1, due); {
		case errors.Is(err, context.Canceled):
			return nil // the broker did not read until the run was over: the counts show it
		case err != nil:
			return err
		}
	}
	return nil
}

// catchUp is how long after the end a message that was due before it may leave: enough for a late
// sleep, and not enough to work off a backlog.
const catchUp = int64(20 * time.Millisecond)

// await returns when message k, from 0, is due and may leave; not ok if it may not, because the run
// stops. Flat out, due is 0: it is due when it is sent.
func (p *producer) await(stop context.Context, k uint64) (due int64, ok bool) {
	r := p.run
	if p.schedule == nil {
		return 0, !r.stopping.Load()
	}
	if due = p.schedule.Due(k); due >= r.end {
		return due, false
	}
	now, err := p.pacer.Wait(stop, due)
	p.waits.woke(due, now, p.pacer.Waited())
	return due, err == nil && (!r.stopping.Load() || now >= r.end && now <= r.end+catchUp)
}

// next returns the next stream in turn.
func (p *producer) next() *stream {
	if len(p.streams) == 1 {
		return p.streams[0]
	}
	s := p.streams[p.turn]
	if p.turn++; p.turn == len(p.streams) {
		p.turn = 0
	}
	return s
}

// asks reports whether the next message of a stream asks for a receipt.
func (p *producer) asks(s *stream) bool {
	return p.gate != nil && (p.every == 1 || (s.seq+1)%p.every == 0)
}

// sendOne stamps and sends one message, number k of the producer. If due is 0, it is due now. It does
// not allocate.
func (p *producer) sendOne(ctx context.Context, s *stream, k uint64, due int64) (err error) {
	body, sum := p.bodies.Next()
	now, measureFrom := p.run.clock.Now(), p.run.measureFrom.Load()
	paced := due != 0
	if !paced {
		due = now
	}
	p.waits.stamped(due, now)
	seq := s.seq + 1
	if s.sentAt != nil && (p.every == 1 || seq%p.every == 0) {
		s.slot(seq / p.every).Store(now) // for its receipt
	}
	block := stamp.Stamp{Run: p.run.id.Load(), Part: p.run.part, Producer: s.id, Sequence: seq, Due: due, Sent: now, Warmup: due < measureFrom}
	if p.levels != nil {
		block.Priority = p.levels[k%uint64(len(p.levels))]
	}
	if p.inBody {
		stamp.Write(body, &block, sum)
	}
	var taken uint64
	if p.fields == nil {
		taken, err = s.sender.Send(ctx, body)
	} else {
		p.message = message{stamp: block, number: k, bodySum: sum, length: len(body)}
		taken, err = s.sender.Send(ctx, body, p.fields.of(&p.message)...)
	}
	if taken == 0 {
		return err
	}
	if paced {
		p.delays[p.run.phaseOf(due)].addAt(now, now-due)
	}
	s.seq = seq
	if due < measureFrom {
		s.warmup = seq
	}
	if !p.transacted {
		s.sent.Store(seq)
	}
	p.lastSent = now
	return err
}
