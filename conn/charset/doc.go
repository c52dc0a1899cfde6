// Package charset makes text of message bodies, on request, by the charset of their
// content-type header. The bytes are always there, in Message.Body; nothing here
// changes them. It is apart from conn, so that only who imports it carries the
// tables of other charsets than UTF-8.
//
//	text, err := charset.Text(m)
//
// # Which charset
//
// That of the charset parameter, by any name that IANA has registered. Without one it
// is UTF-8: STOMP says so for text/* (STOMP 1.2, Header content-type), and the types
// that say nothing are JSON, or come from brokers that send text without a type.
//
// # Strict and lossy
//
// [Text] and [Decode] are strict: octets that are nothing in the charset are an error,
// not a question mark in somebody's name. [Lossy] puts U+FFFD in their places, as
// other clients do by default.
//
// Imports: conn, frame, and golang.org/x/text, which no other package may import.
package charset
