package conn

import (
	"errors"
	"fmt"
	"net"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// ErrWouldBlock is returned instead of waiting on the reading goroutine, where the
// wait could only end by timeout. It is the link's error of that name.
var ErrWouldBlock = link.ErrWouldBlock

var (
	// ErrUnknownOutcome: the broker may or may not have processed the frame. The
	// error that Is this one unwraps to the reason as well.
	ErrUnknownOutcome = errors.New("stomp: outcome unknown")

	// ErrDisconnecting: Disconnect was called. "Clients MUST NOT send any more
	// frames after the DISCONNECT frame is sent" (STOMP 1.2, DISCONNECT).
	// It Is net.ErrClosed.
	ErrDisconnecting = fmt.Errorf("stomp: connection is disconnecting: %w", net.ErrClosed)

	// ErrProducerClosed: Close was called on a Producer or ClientProducer. It Is
	// net.ErrClosed and ErrDisconnecting.
	ErrProducerClosed error = producerClosed{}

	// ErrAckMode: a message of an auto subscription is acknowledged already.
	ErrAckMode = errors.New("stomp: subscription is in ack mode auto")

	// ErrUnsubscribed: UNSUBSCRIBE is on its way, and after it an ACK or NACK has no
	// effect on any broker but that of an ERROR. The broker delivers the message again.
	ErrUnsubscribed = errors.New("stomp: subscription has ended")

	// ErrForeignMessage: an ACK or NACK belongs on the connection that delivered
	// the message.
	ErrForeignMessage = errors.New("stomp: message was delivered by another connection")

	// ErrTransactionDone: the transaction was committed or aborted.
	ErrTransactionDone = errors.New("stomp: transaction has ended")

	// ErrNotConnected: a Client has no connection at the moment.
	ErrNotConnected = errors.New("stomp: not connected")

	// ErrSlowConsumer: a Consumer was ended because its queue was full.
	ErrSlowConsumer = errors.New("stomp: slow consumer: its queue is full")

	// ErrConsumerClosed: Close was called on a Consumer.
	ErrConsumerClosed = errors.New("stomp: consumer is closed")

	// ErrReceiptsNotCumulative: a receipt of the broker holds for one frame only.
	ErrReceiptsNotCumulative = errors.New("stomp: a receipt says nothing of earlier frames on this broker")

	// ErrNotStreamed: a Consumer keeps messages, and a body that is streamed is not
	// kept anywhere.
	ErrNotStreamed = errors.New("stomp: a consumer cannot stream bodies")

	// ErrReceiptID: receipt ids that begin with a tilde are the connection's own. One
	// of yours could confirm another frame.
	ErrReceiptID = errors.New("begins with a tilde, as only the connection's own may")

	// ErrReservedHeader: the client sets that header itself.
	ErrReservedHeader = errors.New("is set by the client")

	// ErrIDInUse: the id is that of a live subscription, or of an open transaction, of
	// the connection.
	ErrIDInUse = errors.New("is in use on this connection")

	// ErrGoexit: user code has ended the goroutine that it was called on, by
	// runtime.Goexit, as t.FailNow of package testing does. It is the link's error of
	// that name.
	ErrGoexit = link.ErrGoexit

	// ErrNotInVersion: the version of the session does not have that.
	ErrNotInVersion = errors.New("stomp: not in the version of this session")

	errTooLate        = errors.New("CONNECTED came too late")
	errReceiptTimeout = errors.New("no receipt in time")
)

type producerClosed struct{}

func (producerClosed) Error() string { return "stomp: producer is closed" }

func (producerClosed) Is(target error) bool {
	return target == net.ErrClosed || target == ErrDisconnecting
}

// ServerError is an ERROR frame. It owns its content, in which the passcode that
// was used to connect is masked: some brokers quote the frame that they refuse.
type ServerError struct {
	Message   string       // the message header
	ReceiptID string       // the receipt-id header, "" if the broker named no frame
	Header    frame.Fields // all headers
	Body      []byte       // details, as the broker wrote them
}

func (e *ServerError) Error() string {
	text := e.Message
	if text == "" {
		text = string(e.Body)
	}
	return fmt.Sprintf("stomp: broker says: %.200q", text)
}

// ConnectError says that no session came about. It unwraps to the cause, a
// [*ServerError] if the broker refused with an ERROR frame.
type ConnectError struct {
	Addr string
	Err  error
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("stomp: connect to %s: %v", e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// unknown wraps err so that it Is ErrUnknownOutcome.
func unknown(err error) error { return fmt.Errorf("%w: %w", ErrUnknownOutcome, err) }

// wasSent reports whether a request that ended with err had left: only then can
// the broker have acted on it.
func wasSent(err error) bool {
	return err == nil || errors.Is(err, ErrUnknownOutcome) || errors.As(err, new(*ServerError))
}

// NotConnectedError says that a call on a client found no connection. It Is
// ErrNotConnected and unwraps to why the call did not wait any longer, and to why
// there was no connection.
type NotConnectedError struct {
	Err  error // of the caller's context; nil if the client is to fail fast
	Last error // of the last attempt, or of the connection before; nil if there was none
}

func (e *NotConnectedError) Error() string {
	text := ErrNotConnected.Error()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Last != nil {
		text += ": " + e.Last.Error()
	}
	return text
}

// Is matches ErrNotConnected.
func (e *NotConnectedError) Is(target error) bool { return target == ErrNotConnected }

// Unwrap returns the two errors that are not nil.
func (e *NotConnectedError) Unwrap() []error {
	var causes []error
	for _, err := range []error{e.Err, e.Last} {
		if err != nil {
			causes = append(causes, err)
		}
	}
	return causes
}
