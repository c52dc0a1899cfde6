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
	number uint64 // unique among all sessions, never reused

	// Reading goroutine only.
	state    sessionState
	version  frame.Version // 1.0 until CONNECT has been read: see checkFirst
	view     view
	last     *destination // where the latest SEND went
	lastName string
	subs     map[string]*subscription // by id
	slots    []slot                   // by the number in ack headers
	free     []int                    // slots that are not in use
	late     bool                     // ACKs of an ended subscription may still come
	txs      map[string]*transaction
	txBytes  int
	maker    *maker
	temps    []*destination // temporary destinations of the session
	mute     bool           // an injected fault: sends no receipt
	user     *user          // nil if any login is accepted
	rights   *rights        // of the user; nil for all
	written  string         // the latest destination that it had the right to send to
	metered  bool           // a rate applies
	pace     *pace          // the session's own; nil for none
	wait     *time.Timer    // ends the latest pause for a rate; nil before the first

	mu      sync.Mutex // guards what follows
	brakes  brakes
	stalled []*subscription
	spare   []*subscription // memory for stalled
	drains  int
}

// sessionState is what a session waits for. It only moves forward.
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

// slot is an entry of the table that ack headers index. Tags continue with the slot's next
// subscription, so that none is used twice.
type slot struct {
	sub *subscription
	tag uint64 // the latest tag of its former subscriptions
}

// OnFrame implements link.Handler. Frames behind the last one, in bytes that were read with it, are
// dropped.
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
		s.refuse(f, "not a client frame", f.Command.String()+" frames are sent by servers only.")
	}
}

// OnClose implements link.Handler.
func (s *session) OnClose(err error) {
	s.leave()
	if s.wait != nil {
		s.wait.Stop() // it may run for hours and keeps the session in memory
	}
	s.b.forget(s, err)
}

// leave releases what the session holds in the broker. Open transactions are aborted ("if the
// connection fails ... MUST be implicitly aborted", STOMP 1.2, BEGIN), and unacknowledged messages
// go back to their queues. It runs once the session is over, on the reading goroutine. Calling it
// again does nothing.
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
