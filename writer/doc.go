// Package writer turns STOMP frames into bytes. Every function appends to the caller's slice, like
// the built-in append, and allocates only when that slice has to grow.
//
// # What is refused
//
// Header text comes from users, so it must never be able to end its line and start another. A frame
// that its version cannot represent is refused with a typed error before a byte of it is returned:
// the slice has its old length. Such errors match [ErrRefused], and never show the value of a
// header.
//
//	                      1.0, and CONNECT, STOMP,   1.1            1.2
//	                      CONNECTED in any version
//	NUL                   refused                    refused        refused
//	LF                    refused                    \n             \n
//	CR                    refused                    unchanged      \r
//	colon in a name       refused                    \c             \c
//	colon in a value      unchanged                  \c             \c
//	backslash             unchanged                  \\             \\
//	not UTF-8             unchanged on 1.0           refused        refused
//	empty name            refused                    refused        refused
//	empty value           unchanged                  unchanged      unchanged
//
// Three of these are decisions where the specifications leave room:
//
//   - CR in 1.1 is an octet like any other and has no escape, so it is written unchanged, even at the
//     end of a value. A peer that reads 1.1 with the line ends of 1.2, such as RabbitMQ, drops it there
//     as a part of the line end; nothing worse can happen.
//   - An empty value in 1.0 is not in the grammar, but every reader accepts it, and empty passcodes
//     exist.
//   - Headers are UTF-8 since 1.1. The text of 1.0 names no encoding, so any octets are allowed.
//
// The zero [frame.Version] is treated as 1.2.
//
// # Choosing a function
//
// [AppendFrame] writes any frame. [AppendSend], [AppendAck], [AppendNack] and [AppendReceipt] write
// theirs without a list of headers. If the same headers are sent often, [Compile] checks and
// escapes them once. [WriteFrom] streams a body that is not in memory. [AppendCommand],
// [AppendHeader] and the like write the pieces of a frame.
//
// All functions may be called by any number of goroutines at once, as long as they do not append to
// the same slice. Arguments are borrowed for the call.
//
// The build tag purego leaves out the assembly (lines_amd64.s) and the one use of unsafe (view.go).
// The bytes are the same.
//
// Imports: frame, for the vocabulary; of the standard library nothing that does I/O except the io
// interfaces of WriteFrom.
package writer
