package broker

import (
	"sync"
	"time"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// session is the broker's side of one connection. It is the handler of its link.
type session struct {
	b      *Broker
	l      *link.Link
	number uint64 // unlike that of any other session, ever

	// Reading goroutine only.
	state    sessionState
	version  frame.Version // 1.0 until CONNECT has been read: see checkFirst
	view     view
	last     *destination // where the latest SEND went, and by which name
	lastName string
	subs     map[string]*subscription // by id
	slots    []slot                   // by the number in ack headers
	free     []int                    // slots that are not in use
	late     bool                     // ACKs of an ended subscription may still come
	txs      map[string]*transaction
	txBytes  int
	maker    *maker
	temps    []*destination // temporary destinations of the session
	mute     bool           // answers no receipt: an injected fault
	user     *user          // nil if anybody may log in
	rights   *rights        // of the user; nil for all
	written  string         // the latest destination that the rights let it send to
	metered  bool           // there is a rate to keep
	pace     *pace          // the session's own; nil for none
	wait     *time.Timer    // ends the latest wait of a session that is ahead of a rate; nil before the first

	mu      sync.Mutex // guards what follows
	brakes  brakes
	stalled []*subscription
	spare   []*subscription // memory for stalled
	drains  int
}

// sessionState: what a session waits for. It only moves forward.
//
//	new ── CONNECT, STOMP ──▶ connected ── DISCONNECT, ERROR ──▶ over
//	 └───────────────────────── ERROR ─────────────────────────────▲
type sessionState uint8

const (
	stateNew sessionState = iota
	stateConnected
	stateOver
)

func (st sessionState) String() string {
	return [...]string{"new", "connected", "over"}[st]
}

// slot is a place in the table that ack headers index. Tags go on when its next
// subscription takes it, so that none is used twice.
type slot struct {
	sub *subscription
	tag uint64 // the latest tag of its former subscriptions
}

// OnFrame implements link.Handler. Frames that come after the last one, in bytes
// that were read with it, are dropped.
func (s *session) OnFrame(f *frame.Frame) error {
	if s.metered && s.state == stateConnected { // onFirst counts the first frame
		s.slowDown(f)
	}
	if decide := s.b.fault.Load(); decide != nil && s.state != stateOver {
		s.onFaultyFrame(f, (*decide)(s.number, f))
		return nil
	}
	s.handle(f)
	return nil
}

func (s *session) handle(f *frame.Frame) {
	switch s.state {
	case stateNew:
		s.onFirst(f)
	case stateConnected:
		if f.Command == frame.CmdSend {
			s.onSend(f)
		} else if s.canAnswer(f, f.Header.Get(frame.HeaderReceipt)) {
			s.onCommand(f)
		}
	}
}

func (s *session) onCommand(f *frame.Frame) {
	switch f.Command {
	case frame.CmdSubscribe:
		s.onSubscribe(f)
	case frame.CmdUnsubscribe:
		s.onUnsubscribe(f)
	case frame.CmdAck, frame.CmdNack:
		s.onAck(f)
	case frame.CmdBegin:
		s.onBegin(f)
	case frame.CmdCommit:
		s.onCommit(f)
	case frame.CmdAbort:
		s.onAbort(f)
	case frame.CmdDisconnect:
		s.onDisconnect(f)
	case frame.CmdConnect, frame.CmdStomp:
		s.refuse(f, "already connected", "A connection takes one CONNECT frame.")
	default:
		s.refuse(f, "not a client frame", f.Command.String()+" frames are for clients to receive.")
	}
}

// OnClose implements link.Handler.
func (s *session) OnClose(err error) {
	s.leave()
	if s.wait != nil {
		s.wait.Stop() // it may be hours, and holds on to the session
	}
	s.b.forget(s, err)
}

// leave undoes what the session holds in the broker: open transactions are aborted
// ("if the connection fails ... MUST be implicitly aborted", STOMP 1.2, BEGIN),
// what is not acknowledged goes back to its queue. It runs once the session is over,
// on the reading goroutine, and again does nothing.
func (s *session) leave() {
	s.state = stateOver
	for id := range s.txs {
		s.abort(id)
	}
	for _, sub := range s.subs {
		s.end(sub)
	}
	if d := s.noLongerHeld(); d != nil {
		d.mu.Lock()
		d.flow.forget(s)
		d.mu.Unlock()
	}
	for _, d := range s.temps {
		s.b.registry.destroy(d)
	}
	s.temps, s.last = nil, nil
}
