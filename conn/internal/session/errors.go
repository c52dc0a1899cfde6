package session

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stompwire/stompwire/frame"
)

var (
	// ErrUnknownOutcome: the broker may or may not have processed the frame.
	ErrUnknownOutcome = errors.New("stomp: outcome unknown")

	// ErrNotSent: no byte of the frame has left, so it is safe to send it again.
	ErrNotSent = errors.New("stomp: not sent")

	// ErrReceiptTimeout: the broker has not answered in time.
	ErrReceiptTimeout = errors.New("no receipt in time")

	// ErrAborted: the broker had refused a part of the transaction before COMMIT, so ABORT
	// was sent in its place.
	ErrAborted = errors.New("stomp: transaction aborted")

	errConnectTimeout = errors.New("no CONNECTED in time")
	errDrainTimeout   = errors.New("no outcome before the deadline of the disconnect")
	errClosed         = errors.New("the client was closed")
)

// ServerError is an ERROR frame. It owns its content, in which the caller has masked the
// passcode: some brokers quote the frame that they refuse.
type ServerError struct {
	Message   string       // the message header; on RabbitMQ a category such as "Bad CONNECT"
	ReceiptID string       // the receipt-id header, "" if the broker names no frame
	Header    frame.Fields // all headers
	Body      []byte       // details, as the broker wrote them
}

const (
	maxShownMessage = 200
	maxShownLine    = 200
)

// Error returns the message header and, because RabbitMQ and others give the reason only
// there, the first line of a text body.
func (e *ServerError) Error() string {
	line := firstLine(e.Body)
	switch {
	case e.Message == "":
		return fmt.Sprintf("stomp: broker says: %.*q", maxShownLine, line)
	case line == "" || line == e.Message:
		return fmt.Sprintf("stomp: broker says: %.*q", maxShownMessage, e.Message)
	}
	return fmt.Sprintf("stomp: broker says: %.*q: %.*q", maxShownMessage, e.Message, maxShownLine, line)
}

// firstLine returns the first line of body that is not blank, "" if body is not text.
func firstLine(body []byte) string {
	head := body[:min(len(body), 4*maxShownLine)]
	for line := range strings.SplitSeq(string(head), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if !utf8.ValidString(line) && len(head) == len(body) || strings.ContainsRune(line, 0) {
			return ""
		}
		return strings.ToValidUTF8(line, "")
	}
	return ""
}

// Unanswered wraps err so that it Is ErrUnknownOutcome.
func Unanswered(err error) error { return unknown(err) }

// NotSentBecause wraps err so that it Is ErrNotSent.
func NotSentBecause(err error) error { return notSent(err) }

// NotSentWithout is the result of a call whose frame was not sent because what had to come before
// it failed with err. That the outcome of that may be unknown says nothing about the call.
func NotSentWithout(what string, err error) error {
	if both, ok := err.(interface{ Unwrap() []error }); ok && both.Unwrap()[0] == ErrUnknownOutcome {
		err = both.Unwrap()[1]
	}
	return notSent(fmt.Errorf("%s: %w", what, err))
}

// unknown wraps err so that it Is ErrUnknownOutcome.
func unknown(err error) error { return fmt.Errorf("%w: %w", ErrUnknownOutcome, err) }

// notSent wraps err so that it Is ErrNotSent.
func notSent(err error) error {
	if err == nil {
		return ErrNotSent
	}
	return fmt.Errorf("%w: %w", ErrNotSent, err)
}
