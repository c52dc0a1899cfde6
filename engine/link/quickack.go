package link

// A peer that leaves Nagle's algorithm on holds a small frame back until what it sent
// before is acknowledged. The kernel at our end, on a connection that has written
// lately, delays that in the hope of data to send along: for 40 ms, if there are none
// because it is that frame that we wait for.

// SetQuickAck replaces Options.QuickAck, under the same rule as SetVersion. It has no
// effect where there is no TCP socket underneath, and on other systems than Linux.
func (l *Link) SetQuickAck(on bool) {
	l.acked = nil
	if !on {
		return
	}
	raw := l.socket()
	if raw == nil {
		return
	}
	var refused error
	if err := raw.Control(func(fd uintptr) { refused = quickAck(fd) }); err == nil && refused == nil {
		l.acked = raw
	}
}

// acknowledge has the kernel acknowledge what was read. It is called after each read,
// for the kernel soon forgets, and when what that brought has been handled: if our
// answer has left meanwhile, the acknowledgement went with it, and this does nothing.
//
// Whether anything is held back only the peer knows. To go by the receipts that are
// outstanding would miss a message that waits behind another one, to spare a system
// call that is cheap beside the read.
//
// Control keeps the descriptor from being closed, and so from becoming another's, as
// long as it runs.
func (l *Link) acknowledge() {
	if l.acked != nil {
		_ = l.acked.Control(sendAck)
	}
}

func sendAck(fd uintptr) { _ = quickAck(fd) }
