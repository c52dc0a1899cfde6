package link

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/stompwire/stompwire/pool"
)

// maxWrite bounds one write call, so that WriteTimeout measures progress and not the time that a
// large batch takes.
const maxWrite = 64 << 10

// flusher writes batches until the outbox is empty. At most one runs per link:
// Commit starts it when it sets flushing.
//
// The lock is never held over a write. Two buffers take turns while the link is
// busy; both go back to the pool when it falls idle.
func (l *Link) flusher() {
	l.mu.Lock()
	for l.queued() > 0 && l.writable() {
		offsets := l.takeBatch()
		if l.batcher != nil {
			l.batcher.OnBatch(l.pending)
		}
		batch := l.pending
		l.attempt(offsets, min(len(batch.B), maxWrite))
		l.pending, l.spare = l.spare, nil
		l.inFlight = len(batch.B)
		l.wakeSender()
		l.wakePart()
		l.mu.Unlock()

		written, calls, err := l.write(batch.B, offsets)

		l.mu.Lock()
		l.bytesOut += uint64(written)
		l.discarded += len(batch.B) - written
		l.inFlight = 0
		l.writes += uint64(calls)
		l.recycle(batch)
		if err != nil {
			l.mu.Unlock()
			l.breakOff(err)
			l.mu.Lock()
			break
		}
		// If it is still crowded, there is another batch to write, and this is checked again after
		// it.
		if l.wantDrain && l.drainer != nil && l.state == stateOpen && !l.crowded() {
			l.wantDrain = false
			l.mu.Unlock()
			l.drainer.OnDrain()
			l.mu.Lock()
		}
	}
	l.flushing = false
	l.releaseOutbox()
	closing := l.state == stateClosing
	l.mu.Unlock()
	if closing {
		l.closeWrite()
	}
}

// Unwritten returns how many committed bytes the connection has not taken. Once the link is closed
// they never leave. A write in progress counts as not taken.
func (l *Link) Unwritten() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.discarded + l.inFlight + l.queued() + l.waitingBehind()
}

// writable reports whether the contents of the outbox are still to be written. mu is held.
func (l *Link) writable() bool { return l.state == stateOpen || l.state == stateClosing }

// recycle keeps a written batch as the next spare while senders are busy. mu is
// held.
func (l *Link) recycle(batch *pool.Buffer) {
	batch.B = batch.B[:0]
	if l.spare == nil && l.queued() > 0 && l.state == stateOpen {
		l.spare = batch
		return
	}
	batch.Release()
}

// releaseOutbox returns the memory of an idle or closed outbox to the pool. mu is held, and the
// flusher does not run or is about to end.
func (l *Link) releaseOutbox() {
	if l.pending != nil && (len(l.pending.B) == 0 || !l.writable()) {
		l.discarded += len(l.pending.B)
		l.pending.Release()
		l.pending = nil
	}
	if l.spare != nil {
		l.spare.Release()
		l.spare = nil
	}
	if l.behind != nil && !l.writable() {
		l.discarded += len(l.behind.B)
		l.behind.Release()
		l.behind = nil
	}
}

// write writes all of b and returns how many bytes the connection took, in how many calls. The
// caller has noted the first piece as attempted.
func (l *Link) write(b []byte, offsets batchRange) (written, calls int, err error) {
	var stall stalled
	for took := true; written < len(b); {
		end := min(len(b), written+maxWrite)
		if calls > 0 && !l.attemptMore(offsets, end, len(b)-written) {
			return written, calls, net.ErrClosed
		}
		now := time.Now()
		if took {
			stall = stalled{last: now}
		}
		wait := stall.wait(now, l.opts.WriteTimeout, l.slice)
		if wait == 0 {
			return written, calls, l.notRead()
		}
		due := now.Add(wait)
		_ = l.nc.SetWriteDeadline(due)
		n, err := l.nc.Write(b[written:end])
		took = n > 0
		written += n
		calls++
		l.lastWrite.Store(l.now())
		if err != nil && !took && spoilt(err, due, stall.looked) {
			return written, calls, l.notRead()
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, calls, err
		}
	}
	return written, calls, nil
}

// spoilt reports whether err comes from a connection that an earlier deadline has broken. TLS
// repeats the deadline error before the next deadline has passed; a WebSocket returns another
// error.
func spoilt(err error, due time.Time, looked bool) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return time.Now().Before(due)
	}
	return looked
}

func (l *Link) notRead() error {
	return &TimeoutError{What: "peer has not read", After: l.opts.WriteTimeout}
}
