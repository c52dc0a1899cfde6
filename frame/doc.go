// Package frame is the vocabulary that all packages of stompwire share: commands, versions, header
// names, escapes, acknowledgement modes, heart-beat intervals, limits, and the error types that say
// what is wrong with a stream of STOMP bytes and where.
//
// # Frames are views
//
// A [Frame] that was read from a connection has no text of its own. Its header names, header values
// and body are slices of a buffer that will soon be overwritten with the next frame. Two words say
// how long bytes may be used, here and everywhere in stompwire:
//
//   - borrowed: valid until the call that handed it out returns (or, for a method such as a reader's
//     Next, until that method is called again). Copy what must live longer; [Frame.Clone] copies a
//     whole frame.
//   - owned: yours until you give it back or drop it.
//
// The String methods never show the value of a passcode header.
//
// The specifications are at https://stomp.github.io; a comment such as "STOMP 1.2, Value Encoding"
// names a section of that version's text.
//
// Imports: the standard library only. This is the bottom of the import ladder.
package frame
