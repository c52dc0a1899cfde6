package link

import (
	"sync/atomic"
	"syscall"
	"time"
)

// A peer that leaves Nagle's algorithm on holds a small frame back until what it sent
// before is acknowledged. The kernel at our end, on a connection that has written
// lately, delays that in the hope of data to send along: for 40 ms, if there are none
// because it is that frame that we wait for.

// ackAfter is how long nothing must have come before an acknowledgement is asked for:
// then the peer may be holding something back. A busy one is not asked, for what comes
// by the hundred while it waits would come, and be read, frame by frame. Half of this
// makes it do so now and then.
const ackAfter = 2 * time.Millisecond

// quickAck asks the kernel for acknowledgements.
type quickAck struct {
	l     *Link
	raw   syscall.RawConn
	set   atomic.Bool // timer is
	timer *time.Timer
}

// SetQuickAck replaces Options.QuickAck, under the same rule as SetVersion. It has no
// effect where there is no TCP socket underneath, and on other systems than Linux.
func (l *Link) SetQuickAck(on bool) {
	l.quickAck = nil
	if !on {
		return
	}
	raw := l.socket()
	if raw == nil {
		return
	}
	var refused error
	if err := raw.Control(func(fd uintptr) { refused = acknowledgeNow(fd) }); err != nil || refused != nil {
		return
	}
	q := &quickAck{l: l, raw: raw}
	q.timer = time.AfterFunc(time.Hour, q.expire)
	q.timer.Stop()
	l.quickAck = q
}

// read is called after each read, for the kernel soon forgets, and when what that brought
// has been handled: if our answer leaves meanwhile, the acknowledgement goes with it, and
// to ask for it does nothing.
//
// Whether anything is held back only the peer knows. To go by the receipts that are
// outstanding would miss a message that waits behind another one.
func (q *quickAck) read() {
	if !q.set.Load() && q.set.CompareAndSwap(false, true) {
		q.timer.Reset(ackAfter)
	}
}

// expire asks, or waits on if something came meanwhile. Control keeps the descriptor from
// being closed, and so from becoming another's, as long as it runs.
func (q *quickAck) expire() {
	if silent := time.Duration(q.l.now() - q.l.lastRead.Load()); silent < ackAfter {
		q.timer.Reset(ackAfter - silent)
		return
	}
	q.set.Store(false) // first: what is read from now on may need another
	if q.l.lastWrite.Load() > q.l.lastRead.Load() {
		return // it went along with that
	}
	_ = q.raw.Control(ask)
}

func ask(fd uintptr) { _ = acknowledgeNow(fd) }
