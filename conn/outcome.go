package conn

// OutcomeStatus says how a confirmed send ended.
type OutcomeStatus uint8

const (
	// Confirmed: the broker has sent the RECEIPT.
	Confirmed OutcomeStatus = iota + 1
	// Rejected: the broker has sent an ERROR that names the frame.
	Rejected
	// Unknown: the connection or the time ended before an answer. The broker may
	// or may not have the message.
	Unknown
)

// String returns the name of the status.
func (s OutcomeStatus) String() string {
	switch s {
	case Confirmed:
		return "confirmed"
	case Rejected:
		return "rejected"
	case Unknown:
		return "unknown"
	}
	return "none"
}

// Outcome is what became of one send of a [Producer].
type Outcome struct {
	Seq    uint64 // as Producer.Send returned it
	Status OutcomeStatus
	Err    error // nil for Confirmed; Is ErrUnknownOutcome for Unknown
}
