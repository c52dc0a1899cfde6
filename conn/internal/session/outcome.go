package session

import "fmt"

// OutcomeStatus says how a confirmed send ended.
type OutcomeStatus uint8

const (
	// Confirmed: the broker has sent the RECEIPT.
	Confirmed OutcomeStatus = iota + 1
	// Rejected: the broker has refused the message with an ERROR frame.
	Rejected
	// Unknown: the connection or the time ended before an answer. The broker may or may
	// not have the message; sending it again may duplicate it.
	Unknown
	// NotSent: no byte of the message has left. Sending it again is safe.
	NotSent
)

var statusNames = [...]string{"none", "confirmed", "rejected", "unknown", "not sent"}

// String returns the name of the status.
func (s OutcomeStatus) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "none"
}

// Outcome is what became of one send of a producer.
type Outcome struct {
	Seq    uint64 // as the producer's Send returned it
	Status OutcomeStatus
	Err    error // nil for Confirmed; Is ErrUnknownOutcome or ErrNotSent for those
}

// Tally counts the outcomes of a producer.
type Tally struct {
	Confirmed, Rejected, Unknown, NotSent uint64
}

func (t *Tally) add(s OutcomeStatus) {
	switch s {
	case Confirmed:
		t.Confirmed++
	case Rejected:
		t.Rejected++
	case NotSent:
		t.NotSent++
	default:
		t.Unknown++
	}
}

// OutcomeError says that sends since the last flush were not confirmed. It unwraps to
// the error of the first of them.
type OutcomeError struct {
	Rejected, Unknown, NotSent uint64
	First                      error
}

func (e *OutcomeError) Error() string {
	return fmt.Sprintf("stomp: not every message was confirmed: %d rejected, %d unknown, %d not sent: %v",
		e.Rejected, e.Unknown, e.NotSent, e.First)
}

// Unwrap returns the error of the first send that was not confirmed.
func (e *OutcomeError) Unwrap() error { return e.First }

// note counts one outcome that was not Confirmed.
func (e *OutcomeError) note(s OutcomeStatus, err error) {
	switch s {
	case Rejected:
		e.Rejected++
	case NotSent:
		e.NotSent++
	default:
		e.Unknown++
	}
	if e.First == nil {
		e.First = err
	}
}

func (e *OutcomeError) any() bool { return e.First != nil }

// merge adds the counts of another one.
func (e *OutcomeError) merge(o OutcomeError) {
	e.Rejected += o.Rejected
	e.Unknown += o.Unknown
	e.NotSent += o.NotSent
	if e.First == nil {
		e.First = o.First
	}
}
