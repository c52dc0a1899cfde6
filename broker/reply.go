package broker

import (
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// reply sends a frame that may not wait, on the reading goroutine. When the peer
// does not read its answers, we read no more from it until it does: what it can make
// us hold is one chunk's worth of answers above the outbox' high-water mark.
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

// choke stops reading the peer until it has read what we have for it, and reserves
// room all the same.
func (s *session) choke(size int) ([]byte, error) {
	s.setChoked(true)
	// The drain that answers a refusal may have been over before choked was set, so
	// we ask again: a refusal from now on is answered.
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

// refuse ends the session with an ERROR frame: "the server ... MUST then close the
// connection" (STOMP 1.2, ERROR). f is the frame that is to blame, nil for none.
func (s *session) refuse(f *frame.Frame, message, detail string) {
	var receipt []byte
	if f != nil {
		receipt = f.Header.Get(frame.HeaderReceipt)
	}
	s.refuseWith(message, detail, receipt)
}

// OnRefuse implements link.Refuser: bytes that are no frame get an ERROR, like a frame
// that makes no sense.
func (s *session) OnRefuse(err error) {
	if s.state != stateOver {
		s.refuseWith(malformed, s.ownLimit(err).Error(), parser.ReceiptOf(err))
	}
}

// malformed is the message of an ERROR for bytes that are no frame, or too large a one.
const malformed = "malformed frame"

// errorContentType names the charset, for stompit (1.0) throws what cannot be caught
// over an ERROR whose text has none.
const errorContentType = "text/plain;charset=utf-8"

// refuseWith is refuse with more headers. What the session holds is given up before
// the peer hears of it.
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

// onDisconnect ends the session in good order: what it held is given up, then the
// receipt tells the peer so, and then the connection closes.
func (s *session) onDisconnect(f *frame.Frame) {
	s.leave()
	s.receiptOf(f)
	s.l.Shutdown(nil)
}
