// Package parser turns bytes into frames: strictly by the rules of the version
// that a session speaks (STOMP 1.0, 1.1 or 1.2), in whatever pieces the bytes
// arrive, and without allocating.
//
// There are three doors to the same grammar:
//
//   - [Parser] looks for one frame at the start of the bytes it is given.
//   - [Stream] is fed chunks that are cut anywhere and calls a [Handler].
//   - [Reader] pulls frames out of an io.Reader.
//
// # Two passes over a header block
//
// A first pass marks line feeds, colons and everything that needs attention
// (backslash, CR, NUL, octets above 127) as bit masks of 64 octets. A second one
// walks the set bits of the masks and writes one [frame.Span] a line. A block in
// which something rare stands is taken octet by octet instead, by a small
// automaton that knows every rule and reports what is wrong. Bodies are jumped
// over if they are counted, and searched for NUL if not.
//
// # What is wrong first
//
// Each rule has an octet that proves it broken: the letter of an undefined
// escape, the octet after a lone CR, the first octet beyond a limit. The error
// that is reported is the one whose proof arrives first, so it does not depend on
// how the stream was cut. [Tolerance] lists what can be let pass, one bit a rule.
//
// Imports: frame; golang.org/x/sys/cpu to choose the vectorised first pass.
package parser
