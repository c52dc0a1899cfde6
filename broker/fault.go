package broker

import (
	"errors"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// Fault is something that goes wrong with one frame from a client. The zero value is
// that nothing does.
type Fault struct {
	kind faultKind
	time time.Duration
}

type faultKind uint8

const (
	faultNone faultKind = iota
	faultDrop
	faultDuplicate
	faultNoReceipt
	faultRefuse
	faultCut
	faultFreeze
)

// The faults. A frame that is dropped might as well not have been sent: it has no
// effect and no receipt. A duplicated one takes effect twice, which for anything but
// a SEND is an error of its own. NoReceipt carries the frame out and keeps silent
// about it. Refuse answers ERROR and closes, Cut closes without a word; neither
// carries the frame out.
var (
	Drop      = Fault{kind: faultDrop}
	Duplicate = Fault{kind: faultDuplicate}
	NoReceipt = Fault{kind: faultNoReceipt}
	Refuse    = Fault{kind: faultRefuse}
	Cut       = Fault{kind: faultCut}
)

// Freeze carries the frame out and then does not read the connection for d: to the
// client, the broker is slow, or stuck.
func Freeze(d time.Duration) Fault { return Fault{faultFreeze, d} }

// Inject has decide called for each frame that comes from then on, on any connection,
// to make the broker misbehave: for tests of clients. session is the number in
// CONNECTED's session header. f is borrowed: valid until decide returns. decide is
// called on the reading goroutines, several at a time, and must not block. nil ends
// it.
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
	switch fault.kind {
	case faultDrop:
		return
	case faultRefuse:
		s.refuse(f, "refused on purpose", "A fault was injected.")
		return
	case faultCut:
		s.state = stateOver
		s.l.Close(errCut)
		return
	case faultDuplicate:
		s.handle(f)
	case faultNoReceipt:
		s.mute = true
		defer func() { s.mute = false }()
	case faultFreeze:
		s.freeze()
		time.AfterFunc(fault.time, s.thaw)
	}
	s.handle(f)
}
