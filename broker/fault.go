package broker

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// Fault is what goes wrong with one frame from a client. The zero value is no fault.
type Fault struct {
	kind faultKind
	time time.Duration
}

type faultKind uint8

const (
	faultNone faultKind = iota
	faultDrop
	faultLose
	faultDuplicate
	faultRedeliver
	faultNoReceipt
	faultRefuse
	faultCut
	faultFreeze
	faultDelay
	faultDefer
	faultKinds
)

// The faults.
var (
	// Drop: the frame has no effect and no receipt, as if it had not been sent.
	Drop = Fault{kind: faultDrop}
	// Lose: the frame has its receipt and no effect. The broker has confirmed a message that is
	// never delivered.
	Lose = Fault{kind: faultLose}
	// Duplicate: the frame takes effect twice and has one receipt. For anything but a SEND the
	// second time is a protocol error.
	Duplicate = Fault{kind: faultDuplicate}
	// Redeliver: like Duplicate, and the second MESSAGE has redelivered:true.
	Redeliver = Fault{kind: faultRedeliver}
	// NoReceipt: the frame takes effect and has no receipt.
	NoReceipt = Fault{kind: faultNoReceipt}
	// Refuse: ERROR, and the connection is closed. The frame has no effect.
	Refuse = Fault{kind: faultRefuse}
	// Cut: the connection is closed without an ERROR. The frame has no effect.
	Cut = Fault{kind: faultCut}
)

// Freeze handles the frame and then does not read the connection for d: to the client, the broker
// is slow or stuck. [Broker.Freeze] does so to all connections.
func Freeze(d time.Duration) Fault { return Fault{faultFreeze, d} }

// Delay handles a SEND d later, and sends its receipt then: latency on the way in. Nothing else is
// slowed, so any number of messages can be delayed at once, up to Config.QueueBytes of them; beyond
// that the senders are not read. Messages stay in order, whatever their delays. A SEND in a
// transaction, and any other frame, is not delayed.
func Delay(d time.Duration) Fault { return Fault{faultDelay, d} }

// Defer is Delay with the receipt at once: latency on the way out, for each MESSAGE.
func Defer(d time.Duration) Fault { return Fault{faultDefer, d} }

// Faults counts the injected faults.
type Faults struct {
	Dropped, Lost, Duplicated, Redelivered uint64
	Unconfirmed                            uint64 // NoReceipt
	Refused, Cut                           uint64
	Frozen                                 uint64 // times that a connection was frozen
	Delayed, Deferred                      uint64
}

// faultCounts are the counts by kind.
type faultCounts [faultKinds]atomic.Uint64

func (fc *faultCounts) snapshot() Faults {
	return Faults{
		Dropped: fc[faultDrop].Load(), Lost: fc[faultLose].Load(),
		Duplicated: fc[faultDuplicate].Load(), Redelivered: fc[faultRedeliver].Load(),
		Unconfirmed: fc[faultNoReceipt].Load(), Refused: fc[faultRefuse].Load(), Cut: fc[faultCut].Load(),
		Frozen: fc[faultFreeze].Load(), Delayed: fc[faultDelay].Load(), Deferred: fc[faultDefer].Load(),
	}
}

// Inject makes the broker call decide for each frame that comes from now on, on any connection, and
// apply the fault that it returns: for tests of clients. session is the number in CONNECTED's
// session header. f is borrowed: valid until decide returns. decide is called on the reading
// goroutines, several at a time, and must not block. nil ends the injection. [Shares] makes such a
// function, and Stats counts the faults.
func (b *Broker) Inject(decide func(session uint64, f *frame.Frame) Fault) {
	if decide == nil {
		b.fault.Store(nil)
		return
	}
	b.fault.Store(&decide)
}

var errCut = errors.New("broker: cut on purpose")

// onFaultyFrame is OnFrame while faults are injected.
func (s *session) onFaultyFrame(f *frame.Frame, fault Fault) {
	if (fault.kind == faultDelay || fault.kind == faultDefer) && !s.mayBeLate(f) {
		fault = Fault{}
	}
	s.b.faults[fault.kind].Add(1)
	switch fault.kind {
	case faultNone:
		s.handle(f)
	case faultDrop:
	case faultLose:
		if s.state == stateConnected && s.canAnswer(f, f.Header.Get(frame.HeaderReceipt)) {
			s.receiptOf(f)
		}
	case faultDuplicate, faultRedeliver:
		s.handle(f)
		s.view.again = fault.kind == faultRedeliver
		s.handleMute(f)
		s.view.again = false
	case faultNoReceipt:
		s.handleMute(f)
	case faultRefuse:
		s.refuse(f, "refused on purpose", "A fault was injected.")
	case faultCut:
		s.state = stateOver
		s.l.Close(errCut)
	case faultFreeze:
		s.freeze()
		time.AfterFunc(fault.time, s.thaw)
		s.handle(f)
	case faultDelay, faultDefer:
		s.sendLate(fault)
	}
}

func (s *session) handleMute(f *frame.Frame) {
	s.mute = true
	defer func() { s.mute = false }()
	s.handle(f)
}

// Freeze stops the broker from reading any connection for d, including new ones. A connection
// handles at most the frame that it is working on. Messages already in an outbox still go out.
func (b *Broker) Freeze(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen++
	for s := range b.sessions {
		b.faults[faultFreeze].Add(1)
		s.freeze()
	}
	time.AfterFunc(d, b.thaw)
}

func (b *Broker) thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen--
	for s := range b.sessions {
		s.thaw()
	}
}
