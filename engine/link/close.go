package link

import (
	"errors"
	"io"
)

// Done is closed as soon as the link is, before OnClose runs.
func (l *Link) Done() <-chan struct{} { return l.done }

// Err returns a [*ClosedError] with the cause once the link is closed, nil before.
func (l *Link) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != stateClosed {
		return nil
	}
	return &ClosedError{Cause: l.cause}
}

// Close closes the link at once with cause and discards the contents of the outbox. A nil cause
// means an orderly end on our side. Only the first call counts. It does not wait for OnClose.
func (l *Link) Close(cause error) { l.close(cause, stateOpen) }

// close closes the link. cause is used if the state is at most known; later states already have a
// cause.
func (l *Link) close(cause error, known state) {
	l.mu.Lock()
	if l.state == stateClosed {
		l.mu.Unlock()
		return
	}
	if l.state <= known {
		l.cause = cause
	}
	l.state = stateClosed
	l.quit.Store(true)
	if l.timer != nil {
		l.timer.Stop()
	}
	if !l.flushing {
		l.releaseOutbox()
	}
	close(l.done)
	cause = l.cause
	l.mu.Unlock()
	if l.ender != nil {
		l.ender.OnEnd(&ClosedError{Cause: cause})
	}
	l.hangUp()
}

// breakOff records that a write has failed. The peer has often said why in an ERROR frame that is
// still unread, so the link is closed when the peer's stream ends, or after Options.Linger. If the
// write timed out because the peer does not read, the link is closed at once.
func (l *Link) breakOff(err error) {
	l.mu.Lock()
	var timeout *TimeoutError
	if l.state != stateOpen || errors.As(err, &timeout) {
		l.mu.Unlock()
		l.Close(err)
		return
	}
	l.state, l.cause = stateBroken, err
	l.sendEvery, l.hearEvery = 0, 0
	l.setDeadline(l.opts.Linger, err)
	l.wakeSender()
	l.wakePart()
	l.mu.Unlock()
}

// hangUp shuts the socket down and not only our descriptor of it, so that a driver that reads
// through a duplicate sees the end as if the peer had closed.
func (l *Link) hangUp() {
	if socket, ok := l.nc.(interface {
		CloseRead() error
		CloseWrite() error
	}); ok { // a kernel socket; tls.Conn has no CloseRead and needs none
		_ = socket.CloseRead()
		_ = socket.CloseWrite()
	}
	_ = l.nc.Close()
}

// Shutdown refuses new frames, writes the contents of the outbox, half-closes the connection, and
// closes it with cause once the peer has closed its side or Options.Linger has passed. Frames that
// still arrive are dropped. Use it to deliver a last ERROR or RECEIPT: closing at once could
// destroy that on the way (STOMP 1.2, Connection Lingering). A peer that sends more than 1 MiB
// after our half-close is cut off. Shutdown does not wait.
func (l *Link) Shutdown(cause error) {
	l.mu.Lock()
	if l.state >= stateClosing {
		l.mu.Unlock()
		return
	}
	l.stopTaking(cause)
	idle := !l.flushing
	l.mu.Unlock()
	l.Resume() // a paused reader has to see the peer close
	if idle {
		l.closeWrite()
	}
}

// stopTaking moves an open or broken link to the state in which it closes once the outbox is
// written. mu is held.
func (l *Link) stopTaking(cause error) {
	l.state, l.cause = stateClosing, cause
	l.quit.Store(true)
	l.wakeSender()
	l.wakePart()
	l.sendEvery, l.hearEvery = 0, 0
	l.setDeadline(l.opts.Linger+l.opts.WriteTimeout, cause)
}

// closeWrite sends our FIN after the last batch and starts the linger time. If the peer has closed
// its side already, it closes the link.
func (l *Link) closeWrite() {
	l.mu.Lock()
	over := l.readAll
	l.mu.Unlock()
	if over {
		l.Close(nil)
		return
	}
	half, ok := l.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		l.Close(nil)
		return
	}
	l.saidAll.Store(true)
	l.mu.Lock()
	l.setDeadline(l.opts.Linger, nil)
	l.mu.Unlock()
}

// cutOff closes with a reset, so that a peer that goes on sending notices. After an orderly close
// it may not: if the peer's window was full when Linux reduced the connection to FIN-WAIT-2, its
// probes are answered with that same window for a minute.
func (l *Link) cutOff() {
	if tcp, ok := l.beneath().(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	l.Close(nil)
}

// End tells the link that nothing more will be read, because of err: io.EOF if the peer has closed
// its side. It closes the link if it is still open, and calls OnClose. It is for drivers: they call
// it once, last, on the reading goroutine.
func (l *Link) End(err error) {
	if !l.ended.CompareAndSwap(false, true) {
		return
	}
	inOrder := err == nil || errors.Is(err, io.EOF) // gnet wraps it
	if inOrder {
		err = io.EOF
		if cut := l.stream.End(); cut != nil {
			err = cut
		}
	}
	cause := l.causeOfEnd(err)
	if inOrder && l.opts.AnswerHalfClosed {
		l.answer(cause)
	}
	l.close(cause, stateBroken)
	l.stream.Release()
	l.h.OnClose(l.Err())
}

// answer waits until the outbox is written or cannot be.
func (l *Link) answer(cause error) {
	l.mu.Lock()
	if l.state == stateOpen {
		l.stopTaking(cause)
	}
	l.readAll = true
	wait := l.state == stateClosing && l.flushing
	l.mu.Unlock()
	if wait {
		<-l.done // the flusher closes the link, or the deadline does
	}
}

// causeOfEnd returns the cause of an end that came from outside. It asks the handler, if that is a
// Causer.
func (l *Link) causeOfEnd(err error) error {
	l.mu.Lock()
	state, cause := l.state, l.cause
	l.mu.Unlock()
	if state == stateBroken {
		err = cause // the first thing that went wrong
	}
	if state <= stateBroken && l.causer != nil {
		err = l.causer.Cause(err)
	}
	return err
}
