package frame

// AckMode is the value of a SUBSCRIBE frame's ack header. The zero value is
// AckAuto, the default of the specification.
type AckMode uint8

const (
	// AckAuto: the server considers a message delivered as soon as it is sent.
	AckAuto AckMode = iota
	// AckClient: an ACK or NACK covers the message and all earlier unacknowledged messages of the
	// subscription.
	AckClient
	// AckClientIndividual: an ACK or NACK covers one message. Since 1.1.
	AckClientIndividual
)

// String returns the mode as it is written in the ack header.
func (m AckMode) String() string {
	switch m {
	case AckClient:
		return "client"
	case AckClientIndividual:
		return "client-individual"
	}
	return "auto"
}

// ParseAckMode returns the mode that s spells. "" is auto.
func ParseAckMode(s string) (mode AckMode, ok bool) {
	switch s {
	case "", "auto":
		return AckAuto, true
	case "client":
		return AckClient, true
	case "client-individual":
		return AckClientIndividual, true
	}
	return 0, false
}
