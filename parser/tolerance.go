package parser

import "github.com/stompwire/stompwire/frame"

// Tolerance is a set of deviations from the specifications to accept. Each bit exists because a
// broker in use sends such bytes to its clients, where one such message would otherwise end the
// connections of all its subscribers. 0 is strict.
type Tolerance uint8

const (
	// TolerateCarriageReturnEscape11 reads \r as CR on 1.1, where only \n, \c and
	// \\ are defined (STOMP 1.1, Value Encoding). RabbitMQ, Artemis and
	// go-stomp's server send it to 1.1 subscribers.
	TolerateCarriageReturnEscape11 Tolerance = 1 << iota

	// TolerateEscapes10 resolves escapes, by the rules of 1.2, on 1.0, which has none. RabbitMQ
	// escapes in every version. Do not set it for a broker that does not, such as ActiveMQ: a
	// backslash from it is data.
	TolerateEscapes10

	// TolerateUndefinedEscapes keeps a backslash, and what follows it, where the version defines no
	// such escape. ActiveMQ does not escape header names, so one with a backslash in it arrives
	// unescaped.
	TolerateUndefinedEscapes

	// TolerateInvalidUTF8 keeps the octets of a header that is not UTF-8 unchanged. RabbitMQ and
	// go-stomp's server pass on what a sender wrote.
	TolerateInvalidUTF8

	// TolerateLeadingSpace10 drops blanks before a value on 1.0. The examples of the 1.0 text are
	// written that way, and old servers followed them; 1.1 and 1.2 forbid both padding and
	// trimming.
	TolerateLeadingSpace10
)

// rules are the rules for one frame: the version, the command and the tolerances, reduced to the
// questions that arise in a header block.
type rules struct {
	crlf    bool // CR LF ends a line, any other CR is refused
	escapes bool // a backslash begins an escape
	cr      bool // \r is an escape
	lenient bool // an undefined escape is text
	utf8    bool // header text must be UTF-8
	trim    bool // blanks before a value are not part of it
	anyBody bool // every command may have a body
}

// frameRules returns the rules of version v for commands that are not exempt.
func frameRules(v frame.Version, t Tolerance) rules {
	return rules{
		// EOL is LF in 1.0 and 1.1, and "an OPTIONAL carriage return" before it in
		// 1.2 (STOMP 1.2, STOMP Frames).
		crlf: v != frame.Version10 && v != frame.Version11,
		// 1.0 has no escapes.
		escapes: v != frame.Version10 || t&TolerateEscapes10 != 0,
		cr:      v != frame.Version11 || t&TolerateCarriageReturnEscape11 != 0,
		lenient: t&TolerateUndefinedEscapes != 0,
		// "Commands and headers are encoded in UTF-8" since 1.1.
		utf8:    v != frame.Version10 && t&TolerateInvalidUTF8 == 0,
		trim:    v == frame.Version10 && t&TolerateLeadingSpace10 != 0,
		anyBody: v == frame.Version10,
	}
}

// handshake returns r changed for CONNECT, STOMP and CONNECTED, which are read before both sides
// know the version: their line ends are those of 1.2, and nothing in them is an escape (STOMP 1.2,
// Value Encoding).
func (r rules) handshake() rules {
	r.crlf, r.escapes = true, false
	return r
}

// defines reports whether a backslash and letter are an escape.
func (r *rules) defines(letter byte) bool {
	return letter == 'c' || letter == 'n' || letter == '\\' || letter == 'r' && r.cr
}
