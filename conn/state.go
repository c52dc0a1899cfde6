package conn

import "time"

// State is the state of a [Client], and of each of its connections:
//
//	new → connecting → connected → closing → closed
//	        ↑    ↓         ↓
//	      backing off ← lost
//
// From every state but closed there is a way to closing, by Disconnect or Close,
// and from backing off, or from lost without reconnecting, one to closed: the
// client gives up.
type State uint8

const (
	// StateNew: not started.
	StateNew State = iota
	// StateConnecting: an address is dialled, CONNECT is under way, or what was
	// subscribed is being subscribed again.
	StateConnecting
	// StateConnected: messages flow.
	StateConnected
	// StateLost: the connection has just ended, and not by our doing.
	StateLost
	// StateBackingOff: a pause before the next round over the addresses.
	StateBackingOff
	// StateClosing: Disconnect or Close was called.
	StateClosing
	// StateClosed: the end.
	StateClosed
)

// String returns the name of the state.
func (s State) String() string {
	switch s {
	case StateNew:
		return "new"
	case StateConnecting:
		return "connecting"
	case StateConnected:
		return "connected"
	case StateLost:
		return "lost"
	case StateBackingOff:
		return "backing off"
	case StateClosing:
		return "closing"
	case StateClosed:
		return "closed"
	}
	return "none"
}

// StateChange is a step of one of a client's connections.
type StateChange struct {
	Lane     string // which connection: "consumer", "producer 1", or "shared"
	From, To State
	Conn     *Conn         // the session, for StateConnected and StateLost
	Err      error         // why, for StateLost, StateBackingOff and StateClosed
	Attempt  int           // rounds in a row that have failed, for StateBackingOff
	Pause    time.Duration // for StateBackingOff
}
