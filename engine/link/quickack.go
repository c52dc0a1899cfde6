package link

import (
	"sync/atomic"
	"syscall"
	"time"
)

// A peer that leaves Nagle's algorithm on holds a small frame back until what it sent before is
// acknowledged. Our kernel, on a connection that has written lately, delays that acknowledgement by
// up to 40 ms, hoping to send it along with data. We have no data to send while we wait for that
// very frame.

// ackAfter is how long nothing must have come before we ask for an acknowledgement. After such a
// silence the peer may be holding something back. A busy peer is not asked: it would then send
// frame by frame, and each would be read alone, what otherwise arrives by the hundred. With half of
// this time that still happens now and then.
const ackAfter = 2 * time.Millisecond

// quickAck asks the kernel for acknowledgements.
type quickAck struct {
	l     *Link
	raw   syscall.RawConn
	set   atomic.Bool // the timer runs
	timer *time.Timer
}

// SetQuickAck replaces Options.QuickAck. The rule of SetVersion applies. It has no effect without a
// TCP socket underneath, and on systems other than Linux.
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

// read starts the timer. It is called after each read, because the kernel soon forgets the setting,
// and after the frames of that read were handled: if our answer leaves meanwhile, the
// acknowledgement goes with it.
//
// Only the peer knows whether it holds something back. Looking at outstanding receipts instead
// would miss a message that is held back behind another one.
func (q *quickAck) read() {
	if !q.set.Load() && q.set.CompareAndSwap(false, true) {
		q.timer.Reset(ackAfter)
	}
}

// expire asks for the acknowledgement, or restarts the timer if something came meanwhile. While
// Control runs, the descriptor cannot be closed and reused for another socket.
func (q *quickAck) expire() {
	if silent := time.Duration(q.l.now() - q.l.lastRead.Load()); silent < ackAfter {
		q.timer.Reset(ackAfter - silent)
		return
	}
	q.set.Store(false) // first: what is read from now on may need the timer again
	if q.l.lastWrite.Load() > q.l.lastRead.Load() {
		return // the acknowledgement left with that write
	}
	_ = q.raw.Control(ask)
}

func ask(fd uintptr) { _ = acknowledgeNow(fd) }
