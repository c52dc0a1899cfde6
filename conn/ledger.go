package conn

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/stompwire/stompwire/internal/awake"
	"github.com/stompwire/stompwire/pool"
)

// ledger keeps the sends of a client's producer that have no outcome yet. Number
// seq has its record at seq mod size; all up to low are done. Whoever closes an
// open record, under mu, reports its outcome, so that happens once:
//
//	free → open → settled → done, which is free again
//
// settled is the state of a record whose outcome is being reported, or waits for
// its turn where outcomes are in order.
type ledger struct {
	report  func(Outcome)
	ordered bool
	maxCopy int
	base    time.Time
	room    room

	mu        sync.Mutex // leaf; taken with an outbox held
	records   []record
	last, low uint64
	copied    int // bytes of the copies
	flushes   []flushWait
	reporting bool // somebody reports, in order
	timer     *time.Timer
	armed     int64 // when the timer is due; 0 if it is not set
	doubt     awake.Doubt
	ended     error

	confirmed, rejected, unknown uint64
}

type record struct {
	state  recordState
	status OutcomeStatus
	seq    uint64
	due    int64
	c      *Conn // that it was last sent on
	copied *pool.Buffer
	result *Result
	err    error
}

type recordState uint8

const (
	recordFree recordState = iota
	recordOpen
	recordSettled
)

func (l *ledger) init(cfg *ClientProducerConfig) {
	l.report, l.ordered, l.maxCopy = cfg.OnOutcome, cfg.InOrder, cfg.MaxBytes
	l.base = time.Now()
	l.records = make([]record, cfg.Window)
	l.room.init(cfg.Window)
	l.timer = time.AfterFunc(time.Hour, l.expire)
	l.timer.Stop()
}

func (l *ledger) now() int64 { return int64(time.Since(l.base)) }

func (l *ledger) slot(seq uint64) *record { return &l.records[seq%uint64(len(l.records))] }

// record returns the record of seq if it is open. mu is held.
func (l *ledger) record(seq uint64) *record {
	if rec := l.slot(seq); rec.seq == seq && rec.state == recordOpen {
		return rec
	}
	return nil
}

// hasRoom reports whether rec may be opened. mu is held.
func (l *ledger) hasRoom(rec *record) bool {
	if l.last-l.low >= uint64(len(l.records)) {
		return false
	}
	return rec.copied == nil || l.copied == 0 || l.copied+len(rec.copied.B) <= l.maxCopy
}

// copySize returns the size of the copy of seq, and whether it has no outcome. mu
// is held.
func (l *ledger) copySize(seq uint64) (size int, waits bool) {
	rec := l.record(seq)
	if rec == nil || rec.copied == nil {
		return 0, false
	}
	return len(rec.copied.B), true
}

// open takes rec over as the next number. mu is held.
func (l *ledger) open(rec *record, a *attachment) uint64 {
	l.last++
	rec.seq, rec.state, rec.c = l.last, recordOpen, a.c
	*l.slot(l.last) = *rec
	if rec.copied != nil {
		l.copied += len(rec.copied.B)
	}
	if l.armed == 0 || rec.due < l.armed {
		l.arm(rec.due)
	}
	return l.last
}

func (l *ledger) arm(due int64) {
	l.armed = due
	l.timer.Reset(time.Duration(due - l.now()))
}

// settle reports the outcome of seq unless that has happened, and says whether
// seq was waited for.
func (l *ledger) settle(seq uint64, status OutcomeStatus, err error) bool {
	l.mu.Lock()
	rec := l.record(seq)
	if rec == nil {
		l.mu.Unlock()
		return false
	}
	if rec.copied != nil {
		l.copied -= len(rec.copied.B)
		rec.copied.Release()
		rec.copied = nil
	}
	rec.state, rec.status, rec.err = recordSettled, status, err
	switch status {
	case Confirmed:
		l.confirmed++
	case Rejected:
		l.rejected++
	default:
		l.unknown++
	}
	if l.ordered {
		l.reportInOrder()
		return true
	}
	l.tell(rec)
	l.mu.Unlock()
	return true
}

// confirmBefore settles what was sent before seq on c and has no outcome: the broker's
// receipts are cumulative.
func (l *ledger) confirmBefore(seq uint64, c *Conn) {
	returned := false
	defer func() {
		if !returned { // the user's code has ended the goroutine: the rest is for another
			go l.confirmBefore(seq, c)
		}
	}()
	for n := l.openBetween(0, seq, c); n != 0; n = l.openBetween(n, seq, c) {
		l.settle(n, Confirmed, nil)
	}
	returned = true
}

// openBetween returns the next number after one and before another that was sent on c
// and has no outcome; 0 if there is none.
func (l *ledger) openBetween(after, before uint64, c *Conn) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := max(after, l.low) + 1; n < min(before, l.last+1); n++ {
		if rec := l.record(n); rec != nil && rec.c == c {
			return n
		}
	}
	return 0
}

// tell reports the outcome of a settled record and frees it. mu is held, but not while
// the user's code runs.
func (l *ledger) tell(rec *record) {
	outcome, result := Outcome{Seq: rec.seq, Status: rec.status, Err: rec.err}, rec.result
	l.mu.Unlock()
	returned := false
	defer func() {
		l.mu.Lock()
		*rec = record{}
		l.advance()
		if !returned { // the user's code has ended the goroutine: nobody will unlock it
			l.mu.Unlock()
		}
	}()
	if result != nil {
		result.settle(outcome)
	}
	if l.report != nil {
		l.report(outcome)
	}
	returned = true
}

// reportInOrder reports what is settled from the oldest on. If somebody is at it,
// that one goes on to ours. mu is held, and is not after.
func (l *ledger) reportInOrder() {
	if l.reporting {
		l.mu.Unlock()
		return
	}
	l.reporting = true
	returned := false
	defer func() {
		if !returned {
			go l.goOnReporting()
		}
	}()
	for rec := l.slot(l.low + 1); rec.seq == l.low+1 && rec.state == recordSettled; rec = l.slot(l.low + 1) {
		l.tell(rec)
	}
	returned = true
	l.reporting = false
	l.mu.Unlock()
}

// goOnReporting takes over from a goroutine that the user's code has ended.
func (l *ledger) goOnReporting() {
	l.mu.Lock()
	l.reporting = false
	l.reportInOrder()
}

// advance moves low over what is done and wakes whom that helps. mu is held.
func (l *ledger) advance() {
	for l.low < l.last && l.slot(l.low+1).state == recordFree {
		l.low++
	}
	l.flushes = slices.DeleteFunc(l.flushes, func(f flushWait) bool {
		if f.upTo > l.low {
			return false
		}
		close(f.done)
		return true
	})
	l.wake()
}

// wake wakes a sender if there is room for it in the window. mu is held.
func (l *ledger) wake() {
	l.room.wake(uint64(len(l.records)) - (l.last - l.low))
}

// waitForRoom returns when there may be room for rec, or none on c, and with an error
// if it may not wait.
func (l *ledger) waitForRoom(ctx context.Context, c *Conn, rec *record) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	free := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.hasRoom(rec)
	}
	var err error
	// Who is woken by room in the window, and has none for the copy, keeps that to itself:
	// passed on among those who have none it would go round for ever. The next outcome wakes
	// another one.
	for again := true; again; again = err == nil && !free() && !l.room.isClosed() && c.Err() == nil {
		err = l.room.wait(ctx, c.Done(), free) // on done, maybe the next one has a producer with room
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake() // one wake-up for one sender: pass it on
	return err
}

// flush waits until all that has been opened is done.
func (l *ledger) flush(ctx context.Context) error {
	l.mu.Lock()
	f := flushWait{upTo: l.last, done: make(chan struct{})}
	if l.low >= f.upTo {
		l.mu.Unlock()
		return nil
	}
	l.flushes = append(l.flushes, f)
	l.mu.Unlock()
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		l.flushes = slices.DeleteFunc(l.flushes, func(other flushWait) bool { return other.done == f.done })
		return ctx.Err()
	}
}

// expire gives up what is due and sets the timer for what will be next.
func (l *ledger) expire() {
	now := l.now()
	if l.inDoubt(now) {
		return
	}
	defer l.rearm()
	l.giveUp(func(rec *record) bool { return rec.due <= now }, errReceiptTimeout)
}

// inDoubt reports whether what is due may have come while this process did not run,
// and sets the timer to look again.
func (l *ledger) inDoubt(now int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.armed == 0 {
		return false
	}
	more := l.doubt.More(time.Duration(now - l.armed))
	if more > 0 {
		l.arm(now + int64(more))
	}
	return more > 0
}

func (l *ledger) rearm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = 0
	var next int64
	for seq := l.low + 1; seq <= l.last; seq++ {
		if rec := l.record(seq); rec != nil && (next == 0 || rec.due < next) {
			next = rec.due
		}
	}
	if next != 0 && l.ended == nil {
		l.arm(next)
	}
}

// giveUp reports as unknown what is open and fits.
func (l *ledger) giveUp(fits func(*record) bool, err error) {
	returned := false
	defer func() {
		if !returned {
			go l.giveUp(fits, err)
		}
	}()
	for seq := l.fitting(0, fits); seq != 0; seq = l.fitting(seq, fits) {
		l.settle(seq, Unknown, unknown(err))
	}
	returned = true
}

// fitting returns the next number after seq that is open and fits, 0 if there is none.
func (l *ledger) fitting(seq uint64, fits func(*record) bool) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for seq = max(seq, l.low) + 1; seq <= l.last; seq++ {
		if rec := l.record(seq); rec != nil && fits(rec) {
			return seq
		}
	}
	return 0
}

// end refuses what comes from now on.
func (l *ledger) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = err
	}
	l.timer.Stop()
	l.room.close()
}
