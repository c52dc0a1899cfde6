// Package parser turns bytes into frames, strictly by the rules of the session's version (STOMP
// 1.0, 1.1 or 1.2). The bytes may arrive in any pieces. It does not allocate.
//
// There are three ways to use it:
//
//   - [Parser] looks for one frame at the start of the bytes it is given.
//   - [Stream] is fed chunks that are cut anywhere and calls a [Handler].
//   - [Reader] pulls frames out of an io.Reader.
//
// # Two passes over a header block
//
// The first pass marks line feeds, colons and octets that need attention (backslash, CR, NUL,
// octets above 127) as bit masks of 64 octets. The second pass walks the set bits of the masks and
// writes one [frame.Span] per line. A block with something rare in it is read octet by octet
// instead, by a small automaton that knows every rule and reports the error. Counted bodies are
// jumped over; others are searched for NUL.
//
// # Which error is reported
//
// Each rule has an octet that proves it broken: the letter of an undefined escape, the octet after
// a lone CR, the first octet beyond a limit. The parser reports the rule whose proof arrives first,
// so the error does not depend on how the stream was cut. [Tolerance] lists the deviations that can
// be accepted, one bit per rule.
//
// Imports: frame; golang.org/x/sys/cpu to choose the vectorised first pass.
package parser
