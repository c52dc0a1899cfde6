package conn

import (
	"bytes"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Text, as the last header of a send, leaves content-length out. ActiveMQ and Artemis turn such a
// message into a text message, and one with content-length into a bytes message. A body with NUL is
// then refused with a *writer.FrameError, because its first NUL would end the frame.
var Text = frame.Field{Name: frame.HeaderContentLength}

// cutText splits Text off the end of h.
func cutText(h []frame.Field) (rest []frame.Field, text bool) {
	if n := len(h); n > 0 && h[n-1] == Text {
		return h[:n-1], true
	}
	return h, false
}

// checkSend refuses user headers that the client sets, and receipt ids that could be taken for
// ours. receipt says that the client asks for a receipt itself.
func checkSend(h []frame.Field, receipt bool) error {
	for i := range h {
		switch h[i].Name {
		case frame.HeaderDestination: // a frame must not have two
			return reserved(frame.CmdSend, h, i)
		case frame.HeaderReceipt:
			if receipt || session.IsReceiptID(h[i].Value) {
				return reserved(frame.CmdSend, h, i)
			}
		}
	}
	return nil
}

// checkNames refuses user headers with names that the client sets.
func checkNames(cmd frame.Command, h []frame.Field, names ...string) error {
	for i := range h {
		for _, name := range names {
			if h[i].Name == name {
				return reserved(cmd, h, i)
			}
		}
	}
	return nil
}

// checkReceipt refuses a user's receipt id that could be taken for one of ours.
func checkReceipt(cmd frame.Command, h []frame.Field) error {
	for i := range h {
		if h[i].Name == frame.HeaderReceipt && session.IsReceiptID(h[i].Value) {
			return reserved(cmd, h, i)
		}
	}
	return nil
}

func reserved(cmd frame.Command, h []frame.Field, i int) error {
	return &writer.HeaderError{Command: cmd, Name: h[i].Name, Index: i, Reason: errReserved}
}

// appendSend appends a SEND, with one header more than the user's unless extra is empty. A SEND
// without extra does not pay for the copy of h that the other one needs.
func appendSend(dst []byte, v frame.Version, destination string, h []frame.Field, extra frame.Field, body []byte) ([]byte, error) {
	if _, text := cutText(h); !text && extra.Name == "" {
		return writer.AppendSend(dst, v, destination, h, body)
	}
	return appendSendWith(dst, v, destination, h, extra, body)
}

func appendSendWith(dst []byte, v frame.Version, destination string, h []frame.Field, extra frame.Field, body []byte) ([]byte, error) {
	var room [8]frame.Field
	fields, text := cutText(h)
	switch {
	case !text:
		return writer.AppendSend(dst, v, destination, append(append(room[:0], fields...), extra), body)
	case destination == "": // "REQUIRES a header destination" (STOMP 1.2, SEND)
		return dst, &writer.HeaderError{Command: frame.CmdSend, Name: frame.HeaderDestination, Index: -1, Reason: writer.ErrMissing}
	}
	all := append(append(room[:0], frame.Field{Name: frame.HeaderDestination, Value: destination}), fields...)
	if extra != (frame.Field{}) {
		all = append(all, extra)
	}
	return writer.AppendFrameNoLength(dst, v, frame.CmdSend, all, body)
}

// checkText refuses a body that would end early without a content-length.
func checkText(body []byte, v frame.Version) error {
	if bytes.IndexByte(body, 0) >= 0 {
		return &writer.FrameError{Command: frame.CmdSend, Version: v, Reason: writer.ErrNULInBody}
	}
	return nil
}
