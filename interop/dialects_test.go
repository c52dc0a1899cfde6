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

	anonymous   bool   // it needs no login, as we install it
	vhosts      bool   // the host header has to name a virtual host
	stumbles    string // what it says to CONNECT when a call within itself took five seconds, as on a machine that stands still
	nack        fate   // of a message that is refused
	deadLetters string // where refused messages go, for the fate buried
	marksFirst  bool   // of the messages that a connection leaves behind only the first is marked as delivered before
	scatters    bool   // it hands them out again while it still takes them back, so in any order
	lateAuto    bool   // in mode auto it takes a message for delivered only a while after it was sent: the last may come again
	eagerAck    bool   // an ACK in a transaction holds at once, and no ABORT takes it back
	strands     bool   // after a cut, some messages of the connection may never go to another consumer: once in a hundred cuts or so

	badDestination string   // one that it refuses
	refusal        reaction // to a SEND there
	unknownTx      reaction // to a SEND in a transaction that was never begun

	refusedSubscribes []refusedSubscribe // that it answers with ERROR
	refusedSends      []string           // destinations that it refuses in a transaction, besides badDestination
	refusedLogin      string             // what it says about a wrong passcode, besides a category
	wide              []frame.Field      // headers of SUBSCRIBE without which it delivers little at a time
	durable           bool               // it has durable subscriptions
	cancels           bool               // it cancels the subscriptions of a queue that is deleted
	existing          string             // prefix of queues that have to be there when they are subscribed to

	headers map[headerCase]deviation // what does not arrive as it was sent
}

// refusedSubscribe is a SUBSCRIBE that a broker refuses.
type refusedSubscribe struct {
	name        string
	destination string
	headers     []frame.Field
	says        string // a part of the reason
}

// badSelector is a selector that does not parse.
var badSelector = []frame.Field{{Name: "selector", Value: "a = = b"}}

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
		refusedSubscribes: []refusedSubscribe{
			{name: "wildcard", destination: "/queue/stompwire.*", says: "wildcard"},
		},
	},
	{
		name:           "rabbitmq", // 3.10.8
		env:            "STOMPWIRE_RABBITMQ_URI",
		required:       true,
		vhosts:         true,
		stumbles:       "Processing error",
		nack:           redelivered,
		badDestination: "/nowhere/x",
		refusedSubscribes: []refusedSubscribe{
			{name: "queue", destination: "/amq/queue/stompwire.none", says: "no queue 'stompwire.none'"},
			{name: "exchange", destination: "/exchange/stompwire.none/key", says: "no exchange 'stompwire.none'"},
			{name: "destination", destination: "/nowhere/x", says: "not a valid destination"},
		},
		refusedSends: []string{"/exchange/stompwire.none/key"},
		refusedLogin: "Access refused for user",
		durable:      true,
		cancels:      true,
		existing:     "/amq/queue/",
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
		refusedSubscribes: []refusedSubscribe{
			{name: "selector", destination: "/queue/stompwire.selector", headers: badSelector, says: "a = = b"},
		},
		durable:   true,
		refusal:   reaction{names: true},
		unknownTx: reaction{names: true},
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
		refusedSubscribes: []refusedSubscribe{
			{name: "selector", destination: "/queue/stompwire.selector", headers: badSelector, says: "a = = b"},
		},
		wide:      []frame.Field{{Name: "consumer-window-size", Value: "1000000"}},
		durable:   true,
		unknownTx: reaction{accepts: true},
		headers: map[headerCase]deviation{
			{"blanks", frame.Version10}: {arrives: "two each side  "},
			// It escapes it on 1.1 as it does on 1.2. On 1.1 that is no escape and stands for itself, strictly read.
			{"carriage return", frame.Version11}: {arrives: `one\rtwo\r`},
			{"all of 1.2", frame.Version11}:      {arrives: `\r` + "\n" + `\r:\\r`},
		},
	},
}
