package session

// State is the state of one connection slot, and of the client, which has that of the slot
// that is worst off:
//
//	new → connecting → connected → closing → closed
//	        ↑    ↓         ↓
//	      backing off ← lost
//
// Disconnect and Close lead from every state to closing. A client that gives up goes from
// backing off to closed.
type State uint8

const (
	// StateNew: not started.
	StateNew State = iota
	// StateConnecting: an address is dialled, CONNECT is under way, or subscriptions
	// and unconfirmed messages are being restored.
	StateConnecting
	// StateConnected: messages flow.
	StateConnected
	// StateLost: the connection has just ended, and we did not end it.
	StateLost
	// StateBackingOff: a pause before the next round over the addresses.
	StateBackingOff
	// StateClosing: Disconnect or Close was called.
	StateClosing
	// StateClosed: the end.
	StateClosed
)

var stateNames = [...]string{"new", "connecting", "connected", "lost", "backing off", "closing", "closed"}

// String returns the name of the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "none"
}
