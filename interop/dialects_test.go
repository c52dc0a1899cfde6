package interop_test

import (
	"strings"

	"github.com/stompwire/stompwire/frame"
)

// dialect is what one broker does where the specification leaves room, or where it does something else.
type dialect struct {
	name     string
	env      string // variable that holds its URI; "" for the broker that we start ourselves
	required bool   // missing it is a failure when STOMPWIRE_REQUIRE_BROKERS is 1

	anonymous   bool   // it lets anybody in, as we install it
	vhosts      bool   // the host header has to name a virtual host
	stumbles    string // what it says to CONNECT when a call within itself took five seconds, as on a machine that stands still
	nack        fate   // of a message that is refused
	deadLetters string // where refused messages go, for the fate buried
	marksFirst  bool   // of the messages that a connection leaves behind only the first is marked as delivered before
	scatters    bool   // it hands them out again while it still takes them back, so in any order
	lateAuto    bool   // in mode auto it takes a message for delivered only a while after it was sent: the last may come again
	eagerAck    bool   // an ACK in a transaction holds at once, and no ABORT takes it back
	strands     bool   // of what a connection had that is cut, something may go to nobody else, ever: once in a hundred cuts or so

	badDestination string   // one that it refuses
	refusal        reaction // to a SEND there
	unknownTx      reaction // to a SEND in a transaction that was never begun

	headers map[headerCase]deviation // what does not arrive as it was sent
}

// fate is what becomes of a message after NACK, about which the specification says nothing.
type fate int

const (
	redelivered fate = iota // to this or another subscription, marked
	buried                  // moved to the dead letter queue
	dropped                 // gone
)

// reaction is what a broker does about a frame that is wrong and asks for a receipt.
type reaction struct {
	accepts bool          // it takes the frame for right
	names   bool          // its ERROR has a receipt-id, so it is known which frame it is about
	closes  frame.Version // the version from which on it closes the connection, as all of them demand; 0 if it does not
}

// headerCase names a case of header_test.go in one version.
type headerCase struct {
	what    string
	version frame.Version
}

// deviation is what a broker does to a header. It may also get it right, for there are other releases.
type deviation struct {
	refused bool   // it closes the connection
	arrives string // what it makes of the value
}

var dialects = []dialect{
	{
		name:           "embedded",
		nack:           redelivered,
		badDestination: "/queue/" + strings.Repeat("x", 1024),
		refusal:        reaction{names: true, closes: frame.Version10},
		unknownTx:      reaction{names: true, closes: frame.Version10},
	},
	{
		name:           "rabbitmq", // 3.10.8
		env:            "STOMPWIRE_RABBITMQ_URI",
		required:       true,
		vhosts:         true,
		stumbles:       "Processing error",
		nack:           redelivered,
		badDestination: "/nowhere/x",
		headers: map[headerCase]deviation{
			{"backslash", frame.Version10}:       {arrives: `C:\new:arte`}, // it knows escapes in 1.0
			{"blanks", frame.Version10}:          {arrives: "two each side  "},
			{"carriage return", frame.Version11}: {refused: true},
			{"all of 1.2", frame.Version11}:      {refused: true},
		},
	},
	{
		name:           "activemq", // 5.17.2
		env:            "STOMPWIRE_ACTIVEMQ_URI",
		required:       true,
		anonymous:      true,
		nack:           buried,
		deadLetters:    "/queue/ActiveMQ.DLQ",
		badDestination: "/remote-temp-queue/nobody",
		refusal:        reaction{names: true},
		unknownTx:      reaction{names: true},
		headers: map[headerCase]deviation{
			{"backslash", frame.Version10}: {arrives: `C:\new:arte`},
			{"blanks", frame.Version10}:    {arrives: "two each side"},
		},
	},
	{
		name:           "artemis", // 2.44.0
		env:            "STOMPWIRE_ARTEMIS_URI",
		anonymous:      true,
		nack:           dropped,
		marksFirst:     true,
		scatters:       true,
		lateAuto:       true,
		eagerAck:       true,
		strands:        true,
		badDestination: "/queue/",
		refusal:        reaction{names: true, closes: frame.Version12},
		unknownTx:      reaction{accepts: true},
		headers: map[headerCase]deviation{
			{"blanks", frame.Version10}: {arrives: "two each side  "},
			// It escapes it on 1.1 as it does on 1.2. On 1.1 that is no escape and stands for itself, strictly read.
			{"carriage return", frame.Version11}: {arrives: `one\rtwo\r`},
			{"all of 1.2", frame.Version11}:      {arrives: `\r` + "\n" + `\r:\\r`},
		},
	},
}
