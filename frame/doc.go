// Package frame is the vocabulary that every other package of stompwire shares:
// commands, versions, header names, escapes, acknowledgement modes, heart-beat
// intervals, limits, and the error types that say what is wrong with a stream of
// STOMP bytes and where.
//
// # Frames are views
//
// A [Frame] read from a connection does not hold text of its own. Its header
// names, header values and body are slices of a buffer that somebody else owns
// and will soon fill with the next frame. Two words say who may keep what, here
// and everywhere in stompwire:
//
//   - borrowed: valid until the call that handed it out returns (or, for a
//     method such as a reader's Next, until that method is called again). Copy
//     what must live longer; [Frame.Clone] copies a whole frame.
//   - owned: yours until you give it back or drop it.
//
// A type that has String methods for debugging never shows the value of a
// passcode header.
//
// The specifications are at https://stomp.github.io; a comment such as
// "STOMP 1.2, Value Encoding" names the section of that version's text.
//
// Imports: the standard library only. This is the bottom of the import ladder.
package frame
