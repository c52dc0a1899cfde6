package broker

import (
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// subscription is one subscription of a session. The first group of fields never changes.
type subscription struct {
	s    *session
	d    *destination
	key  string // in session.subs
	slot int    // in session.slots
	mode frame.AckMode
	max  int    // unacknowledged messages
	head []byte // MESSAGE from the command to the beginning of the message-id's number
	ack  []byte // the ack line up to the tag; empty when there is none

	// Guarded by d.mu.
	pending line // used for a topic's subscription only
	unacked unacked
	place   int  // in d.subs
	stalled bool // its outbox has no room; OnDrain will continue
	gone    bool // ended, or its link is closed
	listed  bool // in session.stalled; guarded by session.mu
}

// canTake reports whether a message can be delivered, as far as is known without trying.
func (sub *subscription) canTake() bool {
	return !sub.stalled && !sub.gone && sub.hasCredit()
}

func (sub *subscription) hasCredit() bool {
	return sub.mode == frame.AckAuto || sub.unacked.live < sub.max
}

// frameSize estimates the size of a MESSAGE with size bytes of text.
func (sub *subscription) frameSize(size int) int {
	const numbers = len("18446744073709551615\n18446744073709551615\n") + len("redelivered:true\n")
	return len(sub.head) + len(sub.ack) + numbers + size
}

// appendHead appends a MESSAGE up to the text that is the same for all receivers.
func (sub *subscription) appendHead(dst []byte, seq, tag uint64, again bool) []byte {
	dst = append(dst, sub.head...)
	dst = sub.d.seq.append(dst, seq)
	if len(sub.ack) > 0 {
		dst = append(dst, sub.ack...)
		dst = appendNumber(dst, tag)
	}
	if again {
		dst = append(dst, frame.HeaderRedelivered+":true\n"...)
	}
	return dst
}

// sendView delivers the SEND that v shows, without storing it. It returns false if the outbox does
// not take it.
func (sub *subscription) sendView(v *view) bool {
	buf, ok := sub.reserve(v.size)
	if !ok {
		return false
	}
	buf = sub.appendHead(buf, sub.d.seq.next(), 0, v.again)
	buf, omitted := v.appendFor(buf, sub.s.version)
	sub.s.l.Commit(buf)
	sub.d.out++
	sub.d.omitted += omitted
	return true
}

// maxBatch is about how many bytes of messages are encoded under one reservation of the outbox,
// which other senders have to wait for.
const maxBatch = 32 << 10

// drain delivers up to count messages from the front of from, which is not empty: as many as there
// is room and credit for.
func (sub *subscription) drain(from *line, count int) {
	d := sub.d
	buf, ok := sub.reserve(len(from.first().text.B) + min(d.waitingBytes, maxBatch))
	if !ok {
		return
	}
	for ; count > 0 && from.len() > 0 && sub.hasCredit(); count-- {
		m := from.first()
		if sub.frameSize(len(m.text.B)) > cap(buf)-len(buf) {
			break
		}
		from.take()
		d.waitingBytes -= int(m.size)
		if m.expires > 0 && m.expires <= now() {
			d.expired++
		} else {
			buf = sub.appendMessage(buf, m)
		}
		d.drop(m)
	}
	sub.s.l.Commit(buf)
	d.update(sub)
}

// sendMessage delivers m, which is in no line. It returns false if the outbox does not take it.
func (sub *subscription) sendMessage(m *message) bool {
	buf, ok := sub.reserve(len(m.text.B))
	if !ok {
		return false
	}
	sub.s.l.Commit(sub.appendMessage(buf, m))
	sub.d.update(sub)
	return true
}

// appendMessage appends m as a MESSAGE and, if it has to be acknowledged, keeps it until it is.
func (sub *subscription) appendMessage(dst []byte, m *message) []byte {
	var tag uint64
	if sub.mode != frame.AckAuto {
		sub.d.hold(m)
		tag = sub.unacked.add(m)
	}
	sub.d.out++
	if m.again {
		sub.d.redelivered++
	}
	dst = sub.appendHead(dst, m.seq, tag, m.again)
	dst, omitted := m.appendFor(dst, sub.s.version)
	sub.d.omitted += omitted
	return dst
}

// reserve locks the outbox for a MESSAGE with size bytes of text. If that fails the subscription
// gets no messages until there is room.
func (sub *subscription) reserve(size int) ([]byte, bool) {
	size = sub.frameSize(size)
	buf, err := sub.s.l.TryReserve(size)
	if err == link.ErrWouldBlock {
		// The OnDrain that follows this refusal may run before sub is listed, so we try again:
		// after a refusal from now on, OnDrain finds it.
		sub.s.stall(sub)
		if buf, err = sub.s.l.TryReserve(size); err == nil {
			return buf, true
		}
	}
	switch {
	case err == nil:
		return buf, true
	case err == link.ErrWouldBlock:
		sub.stalled = true
	default:
		sub.gone = true // the link is closed; its session will leave
	}
	sub.d.update(sub)
	return nil, false
}

// compile encodes the parts of MESSAGE frames that are always the same, for a subscription of name.
// id is nil if the subscription has none.
func (sub *subscription) compile(name, id []byte, number uint64) {
	v := sub.s.version
	b := writer.AppendCommand(nil, frame.CmdMessage)
	if id != nil {
		// Both came in a frame of this version, so it can write them.
		b, _ = appendHeader(b, v, []byte(frame.HeaderSubscription), id)
	}
	b, _ = appendHeader(b, v, []byte(frame.HeaderDestination), name)
	b = append(b, frame.HeaderMessageID+":"...)
	sub.head = append(appendDecimal(b, number), '-')
	// "The MESSAGE frame MUST also contain an ack header" if it is to be
	// acknowledged (STOMP 1.2, MESSAGE); before 1.2 there is none.
	if sub.mode != frame.AckAuto && v == frame.Version12 {
		b := append([]byte(nil), frame.HeaderAck+":"...)
		sub.ack = append(appendDecimal(b, uint64(sub.slot)), '-')
	}
}
