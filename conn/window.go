package conn

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/internal/awake"
)

// window keeps what is known of the sends of one producer that have no outcome
// yet. Sequence number seq has slot seq mod size; all up to low have their outcome.
//
// The sender opens slots, under the outbox lock, for numbers up to low+size, so
// the slot's last tenant is settled. Receipts and timeouts settle slots: whoever
// wins the compare-and-swap reports the outcome, exactly once. A slot holds its
// tenant's number, so a late second receipt never hits the next tenant. Brokers
// confirm in any order; low moves when the oldest is settled.
type window struct {
	report     func(Outcome)
	tick       time.Duration
	cumulative bool // a receipt is for all numbers before it, too

	slots []atomic.Uint64 // the number that is open there, with telling while its outcome is told; then 0
	last  atomic.Uint64   // highest number opened
	low   atomic.Uint64   // all numbers up to here are settled

	rejected, unknown atomic.Uint64

	room room

	flushing atomic.Int32 // length of flushes, for those without mu
	mu       sync.Mutex   // guards what follows
	flushes  []flushWait
	sweeper  *time.Timer
	sweepDue time.Time
	doubt    awake.Doubt
	marks    [sweeps]uint64 // last at the latest ticks, newest first
	err      error          // set when the connection has ended
}

// sweeps is how many ticks make a timeout: a send is given up at the tick that
// finds it that old, so sending itself needs no clock.
const sweeps = 4

// minTick keeps a timeout whose unit was forgotten from keeping a processor busy.
const minTick = time.Millisecond

// flushWait is somebody who waits for all numbers up to upTo.
type flushWait struct {
	upTo uint64
	done chan struct{}
}

func newWindow(cfg ProducerConfig, cumulative bool) *window {
	w := &window{
		cumulative: cumulative,
		report:     cfg.OnOutcome,
		tick:       max(cfg.Timeout/sweeps, minTick),
		slots:      make([]atomic.Uint64, cfg.Window),
	}
	w.room.init(cfg.Window)
	if w.report == nil {
		w.report = func(Outcome) {}
	}
	w.mu.Lock()
	w.sweepDue = time.Now().Add(w.tick)
	w.sweeper = time.AfterFunc(w.tick, w.sweep)
	w.mu.Unlock()
	return w
}

func (w *window) slot(seq uint64) *atomic.Uint64 { return &w.slots[seq%uint64(len(w.slots))] }

// hasRoom reports whether seq may be opened.
func (w *window) hasRoom(seq uint64) bool { return seq-w.low.Load() <= uint64(len(w.slots)) }

// open notes that seq is about to be sent. The caller holds the outbox.
func (w *window) open(seq uint64) {
	w.slot(seq).Store(seq)
	w.last.Store(seq)
}

// settle reports the outcome of seq unless that has happened, and says whether
// seq was waited for.
func (w *window) settle(seq uint64, err error) bool {
	if w.cumulative && err == nil {
		return w.settleUpTo(seq)
	}
	if seq <= w.low.Load() || seq > w.last.Load() {
		return false // for a number that was never sent, or long ago
	}
	status := Confirmed
	if err != nil {
		status = Rejected
		w.rejected.Add(1) // before it is settled: see stats
	}
	if !w.slot(seq).CompareAndSwap(seq, seq|telling) {
		if err != nil {
			w.rejected.Add(^uint64(0))
		}
		return false // a second receipt
	}
	defer w.advance() // whatever report does
	w.tell(Outcome{Seq: seq, Status: status, Err: err})
	return true
}

// settleUpTo reports all up to seq as confirmed that have no outcome. A rejection says
// nothing of those before it, which the next receipt will confirm.
func (w *window) settleUpTo(seq uint64) (any bool) {
	if seq > w.last.Load() {
		return false
	}
	returned := false
	defer func() {
		if !returned {
			go w.settleUpTo(seq)
			return
		}
		w.advance()
	}()
	for n := w.low.Load() + 1; n <= seq; n++ {
		if w.slot(n).CompareAndSwap(n, n|telling) {
			w.tell(Outcome{Seq: n, Status: Confirmed})
			any = true
		}
	}
	returned = true
	return any
}

// disturb gives up what the broker may have meant.
func (w *window) disturb(err error) {
	if !w.cumulative {
		return
	}
	w.giveUpTo(w.last.Load(), err)
}

// giveUpTo gives up all numbers up to last. If report ends the goroutine, another goes on.
func (w *window) giveUpTo(last uint64, err error) {
	returned := false
	defer func() {
		if !returned {
			go w.giveUpTo(last, err)
			return
		}
		w.advance()
	}()
	for seq := w.low.Load() + 1; seq <= last; seq++ {
		w.giveUp(seq, err)
	}
	returned = true
}

// giveUp reports seq as unknown unless it has an outcome.
func (w *window) giveUp(seq uint64, err error) {
	w.unknown.Add(1)
	if !w.slot(seq).CompareAndSwap(seq, seq|telling) {
		w.unknown.Add(^uint64(0))
		return
	}
	w.tell(Outcome{Seq: seq, Status: Unknown, Err: unknown(err)})
}

// telling marks a number whose outcome is being told: low does not pass it yet, for
// another goroutine may be about to move that.
const telling = 1 << 63

// tell tells an outcome and gives the slot back.
func (w *window) tell(o Outcome) {
	defer w.slot(o.Seq).Store(0)
	w.report(o)
}

// advance moves low over settled numbers and wakes whom that helps. It takes no
// lock: a number that is settled stays so at least until low has passed it, so
// whoever moves low by one, moves it right.
func (w *window) advance() {
	for {
		low := w.low.Load()
		if low == w.last.Load() || w.slot(low+1).Load()&^telling == low+1 {
			break
		}
		w.low.CompareAndSwap(low, low+1)
	}
	if w.flushing.Load() > 0 {
		w.endFlushes()
	}
	w.wake()
}

// endFlushes lets those go on whose numbers are all settled.
func (w *window) endFlushes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	low := w.low.Load()
	w.flushes = slices.DeleteFunc(w.flushes, func(f flushWait) bool {
		if f.upTo > low {
			return false
		}
		close(f.done)
		return true
	})
	w.flushing.Store(int32(len(w.flushes)))
}

// wake wakes a waiting sender if there is room for it.
func (w *window) wake() {
	size := uint64(len(w.slots))
	w.room.wake(size - min(size, w.last.Load()-w.low.Load()))
}

// wait returns when there may be room, or there never will be. It returns ctx.Err() if
// ctx ends first.
func (w *window) wait(ctx context.Context, done <-chan struct{}) error {
	defer w.wake() // one wake-up for one sender: pass it on
	return w.room.wait(ctx, done, func() bool { return w.hasRoom(w.last.Load() + 1) })
}

// flush waits until every number opened so far has its outcome.
func (w *window) flush(ctx context.Context) error {
	f := flushWait{upTo: w.last.Load(), done: make(chan struct{})}
	w.mu.Lock()
	w.flushes = append(w.flushes, f)
	w.flushing.Store(int32(len(w.flushes)))
	w.mu.Unlock()
	w.endFlushes() // low may have moved before anybody saw that we wait
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-f.done: // there was nothing to wait for
		return nil
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushes = slices.DeleteFunc(w.flushes, func(other flushWait) bool { return other.done == f.done })
	w.flushing.Store(int32(len(w.flushes)))
	return ctx.Err()
}

// sweep gives up numbers that were open sweeps ticks ago already.
func (w *window) sweep() {
	w.mu.Lock()
	if w.err != nil {
		w.mu.Unlock()
		return
	}
	if more := w.doubt.More(time.Since(w.sweepDue)); more > 0 {
		w.sweepIn(more)
		w.mu.Unlock()
		return
	}
	old := w.marks[sweeps-1]
	copy(w.marks[1:], w.marks[:sweeps-1])
	w.marks[0] = w.last.Load()
	low := w.low.Load()
	w.sweepIn(w.tick)
	w.mu.Unlock()
	if old <= low {
		return
	}
	w.giveUpTo(old, errReceiptTimeout)
}

// sweepIn sets the time of the next tick. mu is held.
func (w *window) sweepIn(d time.Duration) {
	w.sweepDue = time.Now().Add(d)
	w.sweeper.Reset(d)
}

// fail gives up everything: the connection has ended.
func (w *window) fail(err error) {
	w.mu.Lock()
	w.err = err
	w.sweeper.Stop()
	w.mu.Unlock()
	w.giveUpTo(w.last.Load(), err)
}
