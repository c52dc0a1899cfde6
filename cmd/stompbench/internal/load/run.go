// Package load carries out a plan: it opens all connections, subscribes, sends, waits for outcomes
// and messages, disconnects, and closes the books.
//
// # Locks
//
// Each producer and each consumer has its own state under its own lock. For a message only its
// owner takes that lock; the sampler takes it once a second. State that consumers of a group share
// (the ledger), and that workers share (histograms), is written in batches. No lock and no counter
// is shared per message.
//
// Lock order: worker, then group, then recorder.
//
// Imports: procfs, for the times of threads; conn, conn/dialect and frame of stompwire for outcomes and ack modes, and the ledger,
// stamp, machine, metric, pacer, pause, histo, workload, world and transport packages of stompbench.
package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Options say what to run and which callbacks to call.
type Options struct {
	Plan   *workload.Plan // complete
	Dialer transport.Dialer

	// OnConnecting is called once a second until OnReady is, with how far connecting has come. May be
	// nil.
	OnConnecting func(done fmt.Stringer)
	// OnReady is called when all connections and subscriptions are established, before the first
	// message is sent. May be nil.
	OnReady func(Ready)
	// OnSample is called once a second, after the last message was sent, and at the end, always on
	// the same goroutine. The sample is borrowed: valid until OnSample returns. May be nil.
	OnSample func(*Sample)
}

// Ready describes the broker before the run.
type Ready struct {
	ID      uint64 // of the run, as in its messages; 0 if they come from another process
	Server  string // "" if it sends no server header
	Version string
	Dialect dialect.Dialect // the dialect that the run uses
}

// run is the state of a run. Its fields are set before any goroutine starts.
type run struct {
	Options
	clock stamp.Clock
	sleep func(time.Duration)
	// id is the run id in every message. Without producers in this process, and without --run-id,
	// it is 0 until the first message comes: then it is the id of that message.
	id   atomic.Uint64
	part uint32 // number of this process in a shared run; 0 if it is the only one

	ready     Ready
	producers []*producer
	streams   []*stream
	streamsTo [][]uint32 // by route
	consumers []*consumer
	groups    []*group
	origins   *origins // nil if all messages are ours
	extra     workload.HeaderSets

	sessions []transport.Session // nil for those that could not be made

	recorders [2]recorders // measured and warmUp; the latter is nil if there can be none

	start, end int64 // of sending, by the clock
	// measureFrom is when the warm-up ends. Messages that were due before are in the books but in
	// no rate or latency. 0 without a warm-up.
	measureFrom atomic.Int64
	stopping    atomic.Bool
	stoppedAt   atomic.Int64         // when the end, the user or, flat out, a failure stopped sending; 0 if nothing did
	closing     atomic.Bool          // we are closing the sessions ourselves
	closedAt    int64                // when that began
	drainCut    bool                 // the drain was ended though something still came, or might have
	over        chan struct{}        // closed when closing is set
	cpuTime     func() time.Duration // of this process

	alive context.Context // ends when the run fails, and its cause is why
	fail  context.CancelCauseFunc

	sampler sampler
	phase   atomic.Pointer[phase] // of connecting
}

// preciseUpTo is the number of producers up to which each gets a thread to sleep on.
const preciseUpTo = 16

// newRun makes a run with all its workers.
func newRun(ctx context.Context, opts Options) (*run, error) {
	p := opts.Plan
	r := &run{
		Options: opts,
		clock:   stamp.NewClock(),
		sleep:   time.Sleep, cpuTime: cpuClock(ctx),
		over:  make(chan struct{}),
		extra: p.NewHeaderSets(),
	}
	r.alive, r.fail = context.WithCancelCause(context.Background())
	if p.Producers <= preciseUpTo {
		r.sleep = world.Sleep(ctx)
	}
	switch {
	case p.Shared():
		r.id.Store(p.RunID())
		// There is no coordinator: if two processes draw the same number, merge detects it.
		r.part = 1 + rand.Uint32N(stamp.MaxPart)
	case p.Producers > 0:
		r.id.Store(rand.Uint64() | 1)
	}
	r.sampler.init(r.dueIsSent())
	r.recorders[measured] = newRecorders(r.dueIsSent())
	if p.Warmup > 0 || p.Producers == 0 || p.Shared() {
		r.recorders[warmUp] = newRecorders(r.dueIsSent())
	}
	defer r.reportConnecting()()
	made := r.begins("workers made", p.Producers+p.Consumers)
	for i := range p.Producers {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		made.Add(1)
		r.producers = append(r.producers, newProducer(r, i))
	}
	r.streamsTo = make([][]uint32, p.PublishTargets().Len())
	for _, s := range r.streams {
		to := &r.streamsTo[r.route(s.destination)]
		s.among = uint32(len(*to))
		*to = append(*to, s.id)
	}
	r.origins = r.newOrigins()
	if err := r.newConsumers(ctx, made); err != nil {
		return nil, err
	}
	return r, nil
}

// grace is how long a run may go on after its context has ended, for what is on its way.
const grace = time.Second

// Run carries out the plan. An error means that no message was sent: it is a [*SetupError], a
// [*workload.Invalid] if this machine is too small, or ctx.Err(). When ctx ends later, or the broker
// fails, Run ends in an orderly way and the result says that it is partial; after the end of ctx that
// takes grace and not much more.
func Run(ctx context.Context, opts Options) (*Result, error) {
	if world.Of(ctx) == nil {
		if err := NeedsOf(opts.Plan).check(); err != nil {
			return nil, err
		}
	}
	r, err := newRun(ctx, opts)
	if err != nil {
		return nil, err
	}
	ending, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, end) })()
	defer r.hangUp(ending)
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if opts.OnReady != nil {
		opts.OnReady(r.ready)
	}
	r.begin(ctx)
	cost := measureCost(ctx, r.Plan.Warmup)
	sampleNow, stopSampling := r.startSampling()
	r.load(ctx, ending)
	r.stopping.Store(true)
	sampleNow() // the time after the last send is an interval of its own
	r.drain(ending)
	r.answer(ending)
	used := cost()
	r.hangUp(ending)
	r.freeze() // before the last sample, so that the samples add up to the result
	stopSampling()
	return r.result(ctx.Err() != nil, used), nil
}

// eachProducer calls f for each producer with its lock held.
func (r *run) eachProducer(f func(p *producer)) {
	for _, p := range r.producers {
		p.mu.Lock()
		f(p)
		p.mu.Unlock()
	}
}

// cause returns why the run cannot go on, nil if it can.
func (r *run) cause() error { return context.Cause(r.alive) }

// dueIsSent reports whether each message is due when it is sent: flat out, if all senders are in
// this process. Then both latencies are the same.
func (r *run) dueIsSent() bool { return r.Plan.FlatOut() && r.Plan.Producers > 0 && !r.Plan.Shared() }

// ours reports whether an intact message belongs to this run.
func (r *run) ours(s *stamp.Stamp) bool {
	id := r.id.Load()
	if id == 0 && r.id.CompareAndSwap(0, s.Run) {
		id = s.Run
	}
	return s.Run == id && s.Sequence != 0 && (r.origins != nil || s.Part == 0 && int(s.Producer) < len(r.streams))
}

// begin sets the time at which the run starts.
func (r *run) begin(ctx context.Context) {
	// The garbage of connecting is not part of the load.
	runtime.GC()
	r.start = r.awaitFirst(ctx)
	r.end = 1<<63 - 1
	if d := r.Plan.Duration; d > 0 {
		r.end = r.start + int64(r.Plan.Warmup+d)
	}
	if r.Plan.Warmup > 0 {
		r.measureFrom.Store(r.start + int64(r.Plan.Warmup))
	}
}

// load sends until the plan's end, the end of ctx, or a failure. stop ends the producers' waiting for
// their schedule; hard ends, later, that for a broker that does not read.
func (r *run) load(ctx, ending context.Context) {
	stop, cancel := context.WithDeadline(ctx, r.clock.Time(r.end))
	defer cancel()
	hard, cancelHard := context.WithCancel(ending)
	defer cancelHard()
	forgetFailure := context.AfterFunc(r.alive, func() {
		r.stopped(stop)
		cancel()
		cancelHard()
	})
	forgetStop := context.AfterFunc(stop, func() {
		r.stopped(stop)
		r.stopping.Store(true)
		time.AfterFunc(r.Plan.DrainTimeout, cancelHard)
	})
	var sending sync.WaitGroup
	for _, p := range r.producers {
		sending.Go(func() {
			if err := p.send(stop, hard); err != nil {
				r.fail(err)
			}
		})
	}
	sending.Wait()
	if len(r.producers) == 0 {
		r.receive(stop)
	}
	r.stopped(stop) // the function above may not have begun
	forgetFailure()
	forgetStop()
}

// stopped records when sending was stopped. With a rate, a failure does not stop the plan: what is due
// after it is not sent either.
func (r *run) stopped(stop context.Context) {
	if failed := r.cause() != nil; failed && r.Plan.FlatOut() || !failed && stop.Err() != nil {
		r.stoppedAt.CompareAndSwap(0, r.clock.Now())
	}
}

// sendingEnds returns until when messages were due, at the latest: the end of the plan, or when it was
// stopped.
func (r *run) sendingEnds() int64 {
	end := r.end
	if n := uint64(r.Plan.Producers); !r.Plan.FlatOut() && r.Plan.Count > 0 {
		end = min(end, r.producers[r.Plan.Count%n].schedule.Due(r.Plan.Count/n))
	}
	if at := r.stoppedAt.Load(); at != 0 {
		end = min(end, at)
	}
	return end
}
