// Package charset converts message bodies to text, on request, by the charset of their content-type
// header. Message.Body keeps the bytes as they came. The package is separate from conn, so that
// only programs that import it carry the tables of charsets other than UTF-8.
//
//	text, err := charset.Text(m)
//
// # Which charset
//
// The charset parameter names it, by any name that IANA has registered. Without the parameter it is
// UTF-8: STOMP says so for text/* (STOMP 1.2, Header content-type), and other messages without one
// are JSON, or come from brokers that send text without a type.
//
// # Strict and lossy
//
// [Text] and [Decode] are strict: bytes that are not valid in the charset are an error. [Lossy]
// replaces them by U+FFFD, as most clients do by default.
//
// Imports: conn, frame, and golang.org/x/text, which no other package may import.
package charset
