package broker

import (
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// reply sends a frame that may not wait, on the reading goroutine. While the peer does not read its
// answers, the broker stops reading the peer. So a peer can make the broker hold at most the
// answers to one chunk above the outbox's high-water mark.
func (s *session) reply(size int, encode func(dst []byte) []byte) {
	buf, err := s.l.TryReserve(size)
	if err == link.ErrWouldBlock {
		buf, err = s.choke(size)
	}
	if err != nil {
		if err == link.ErrOutboxFull {
			s.l.Close(err)
		}
		return
	}
	s.l.Commit(encode(buf))
}

// choke stops reading the peer until it has read what is in its outbox, and reserves space all the
// same.
func (s *session) choke(size int) ([]byte, error) {
	s.setChoked(true)
	// The OnDrain that follows a refusal may have run before choked was set, so we try again: after
	// a refusal from now on, OnDrain is called.
	buf, err := s.l.TryReserve(size)
	if err == link.ErrWouldBlock {
		return s.l.ReserveNow(size)
	}
	s.setChoked(false)
	return buf, err
}

// receipt sends the RECEIPT for a frame that has been processed, if it asks for one.
// id is nil if not.
func (s *session) receipt(id []byte) {
	if id == nil || s.mute {
		return
	}
	s.reply(len(id)+64, func(dst []byte) []byte { return appendReceipt(dst, s.version, id) })
}

// receiptOf sends the RECEIPT that f asks for.
func (s *session) receiptOf(f *frame.Frame) {
	if id, ok := f.Header.Lookup(frame.HeaderReceipt); ok {
		s.receipt(id)
	}
}

// refusal is why a session was ended by an ERROR frame.
type refusal struct {
	message, detail string
}

func (r *refusal) Error() string { return "stomp: refused: " + r.message }

// refuse ends the session with an ERROR frame: "the server ... MUST then close the connection"
// (STOMP 1.2, ERROR). f is the offending frame, nil for none.
func (s *session) refuse(f *frame.Frame, message, detail string) {
	var receipt []byte
	if f != nil {
		receipt = f.Header.Get(frame.HeaderReceipt)
	}
	s.refuseWith(message, detail, receipt)
}

// OnRefuse implements link.Refuser: bytes that are not a frame are answered with ERROR, like a
// frame that breaks a rule.
func (s *session) OnRefuse(err error) {
	if s.state != stateOver {
		s.refuseWith(malformed, s.ownLimit(err).Error(), parser.ReceiptOf(err))
	}
}

// malformed is the message of an ERROR for bytes that are not a frame, or for one that is too
// large.
const malformed = "malformed frame"

// errorContentType names the charset, because stompit (on 1.0) throws an uncatchable exception at
// an ERROR whose text has none.
const errorContentType = "text/plain;charset=utf-8"

// refuseWith is refuse with more headers. What the session holds is released before the peer gets
// the ERROR.
func (s *session) refuseWith(message, detail string, receipt []byte, more ...frame.Field) {
	s.leave()
	fields := append([]frame.Field{
		{Name: frame.HeaderMessage, Value: message},
		{Name: frame.HeaderContentType, Value: errorContentType},
	}, more...)
	if len(receipt) > 0 && s.receiptExcess(receipt) == 0 {
		fields = append(fields, frame.Field{Name: frame.HeaderReceiptID, Value: string(receipt)})
	}
	s.b.errors.Add(1)
	s.reply(256+len(detail)+len(receipt), func(dst []byte) []byte {
		return appendFrame(dst, s.version, frame.CmdError, fields, detail+"\n")
	})
	s.l.Shutdown(&refusal{message, detail})
}

// onDisconnect ends the session in an orderly way: it releases what the session holds, sends the
// receipt, and closes the connection.
func (s *session) onDisconnect(f *frame.Frame) {
	s.leave()
	s.receiptOf(f)
	s.l.Shutdown(nil)
}
