package broker

import (
	"sync"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// lateLine holds delayed messages, in order. The zero value is ready.
type lateLine struct {
	posting sync.Mutex // held while messages leave the line; comes before mu

	mu     sync.Mutex // guards what follows
	ring   ring[late]
	bytes  int
	timer  *time.Timer
	set    bool // the timer is set, or its function runs
	closed bool
}

// late is a message on its way to its destination.
type late struct {
	due     time.Time
	s       *session
	m       *message
	name    string // of the destination, as the registry knows it
	receipt []byte // its id, sent with the message; nil for none
	held    bool   // s is not read until this one has left
}

// mayBeLate reports whether f is a SEND outside a transaction.
func (s *session) mayBeLate(f *frame.Frame) bool {
	if s.state != stateConnected || f.Command != frame.CmdSend {
		return false
	}
	s.view.read(f)
	return s.view.transaction == nil && s.problemOf(&s.view) == nil && s.receiptExcess(s.view.receipt) == 0
}

// sendLate is onSend for a delayed SEND, whose headers the view has.
func (s *session) sendLate(fault Fault) {
	v := &s.view
	public, _ := s.publicName(v.destination)
	e := late{due: time.Now().Add(fault.time), s: s, m: v.message(), name: string(public)}
	if fault.kind == faultDefer {
		s.receipt(v.receipt)
	} else if v.receipt != nil {
		e.receipt = append(make([]byte, 0, len(v.receipt)), v.receipt...)
	}
	s.b.late.push(s.b, e)
}

func (l *lateLine) push(b *Broker, e late) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		e.m.free()
		return
	}
	if n := l.ring.len(); n > 0 && l.ring.at(n-1).due.After(e.due) {
		e.due = l.ring.at(n - 1).due
	}
	l.bytes += int(e.m.size)
	if e.held = l.bytes > b.cfg.QueueBytes; e.held {
		e.s.freeze()
	}
	l.ring.pushBack(e)
	if !l.set {
		l.set = true
		l.arm(b, time.Until(e.due))
	}
}

func (l *lateLine) arm(b *Broker, after time.Duration) {
	if l.timer == nil {
		l.timer = time.AfterFunc(after, func() { l.release(b) })
		return
	}
	l.timer.Reset(after)
}

// release posts the messages that are due. Only one call runs at a time.
func (l *lateLine) release(b *Broker) {
	l.posting.Lock()
	defer l.posting.Unlock()
	for {
		e, wait, ok := l.pop()
		switch {
		case ok:
			b.postLate(e)
		case wait > 0:
			l.mu.Lock()
			defer l.mu.Unlock()
			if !l.closed {
				l.arm(b, wait)
			}
			return
		default:
			return
		}
	}
}

// pop returns the next message if it is due, and else how long until it is; 0 if there is none.
func (l *lateLine) pop() (e late, wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring.len() == 0 {
		l.set = false
		return late{}, 0, false
	}
	if wait = time.Until(l.ring.at(0).due); wait > 0 {
		return late{}, wait, false
	}
	e = l.ring.popFront()
	l.bytes -= int(e.m.size)
	return e, 0, true
}

// close discards what waits and returns when what is being posted is done.
func (l *lateLine) close() {
	l.posting.Lock()
	defer l.posting.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	for l.ring.len() > 0 {
		l.ring.popFront().m.free()
	}
}

// postLate hands a message to its destination, as its session would have done.
func (b *Broker) postLate(e late) {
	if e.held {
		defer e.s.thaw()
	}
	s := e.s
	if s.l.Err() != nil {
		s = nil // the session is over: nothing to hold up
	}
	for {
		d, err := b.destinationFor(e)
		if err != nil { // too late for an ERROR, which only the reading goroutine may send
			e.m.free()
			e.s.l.Close(err)
			return
		}
		if d == nil {
			b.unrouted.Add(1)
			e.m.free()
			break
		}
		if d.post(s, e.m) {
			break
		}
	}
	if e.receipt == nil {
		return
	}
	if buf, err := e.s.l.ReserveNow(len(e.receipt) + 64); err == nil {
		e.s.l.Commit(appendReceipt(buf, e.s.version, e.receipt))
	}
}

// destinationFor returns the destination of e, nil if no session could ever receive from it.
func (b *Broker) destinationFor(e late) (*destination, error) {
	if isTemp([]byte(e.name)) || isTopicName(e.name) {
		return b.registry.find([]byte(e.name)), nil
	}
	return b.registry.get(b, []byte(e.name), e.s.maker)
}
