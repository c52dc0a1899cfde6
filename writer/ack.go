package writer

import "github.com/stompwire/stompwire/frame"

// Ack names the message of an ACK or NACK frame. The version decides which fields are needed; the
// others are ignored, so that all can be filled from the MESSAGE. The slices are borrowed for the
// call.
type Ack struct {
	ID           []byte // 1.2: value of the MESSAGE's ack header
	MessageID    []byte // 1.0 and 1.1: its message-id header
	Subscription []byte // 1.1: its subscription header
	Transaction  string // in every version; left off if ""
}

// AppendAck appends an ACK frame in the form of version v, followed by the headers h. An error is a
// [*HeaderError], and dst is returned with its old length.
func AppendAck(dst []byte, v frame.Version, a Ack, h []frame.Field) ([]byte, error) {
	return appendAck(dst, v, frame.CmdAck, &a, h)
}

// AppendNack is [AppendAck] for NACK. 1.0 has none: that is a [*FrameError].
func AppendNack(dst []byte, v frame.Version, a Ack, h []frame.Field) ([]byte, error) {
	return appendAck(dst, v, frame.CmdNack, &a, h)
}

func appendAck(dst []byte, v frame.Version, cmd frame.Command, a *Ack, h []frame.Field) ([]byte, error) {
	if err := checkCommand(v, cmd, false); err != nil {
		return dst, err
	}
	out, err := a.appendFields(AppendCommand(dst, cmd), v, cmd)
	if err != nil {
		return dst, err
	}
	return appendRest(dst, out, v, cmd, h, nil)
}

// appendFields appends the header lines that an ACK or NACK has in version v.
func (a *Ack) appendFields(dst []byte, v frame.Version, cmd frame.Command) ([]byte, error) {
	var err error
	switch v {
	case frame.Version10: // message-id alone
		dst, err = appendRequired(dst, v, cmd, frame.HeaderMessageID, textOf(a.MessageID))
	case frame.Version11: // "two REQUIRED headers: message-id ... and subscription" (1.1, ACK)
		dst, err = appendRequired(dst, v, cmd, frame.HeaderMessageID, textOf(a.MessageID))
		if err == nil {
			dst, err = appendRequired(dst, v, cmd, frame.HeaderSubscription, textOf(a.Subscription))
		}
	default: // "MUST include an id header matching the ack header" (1.2, ACK)
		dst, err = appendRequired(dst, v, cmd, frame.HeaderID, textOf(a.ID))
	}
	if err == nil && a.Transaction != "" {
		dst, err = appendHeader(dst, v, cmd, frame.HeaderTransaction, a.Transaction)
	}
	return dst, err
}
