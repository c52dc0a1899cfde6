package broker

import (
	"bytes"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// appendHeader appends a header line as version v writes it. If v cannot represent it, appendHeader
// returns dst unchanged and false: 1.0 has no escape for LF, nor for a colon in a name, and 1.1 and
// 1.2 are UTF-8.
//
// The writer package refuses CR on 1.0, because a client of ours that sends one has most likely
// made a mistake. Here it has arrived as data, which it is in 1.0.
func appendHeader(dst []byte, v frame.Version, name, value []byte) (out []byte, ok bool) {
	if v != frame.Version10 {
		out, err := writer.AppendHeaderBytes(dst, v, name, value)
		return out, err == nil
	}
	if bytes.IndexByte(name, '\n') >= 0 || bytes.IndexByte(name, ':') >= 0 || bytes.IndexByte(value, '\n') >= 0 {
		return dst, false
	}
	dst = append(append(dst, name...), ':')
	return append(append(dst, value...), '\n'), true
}

// appendBody appends what follows the header lines: the blank line, the body, NUL, and one LF. "The
// NULL octet can be optionally followed by multiple EOLs" (STOMP 1.2, STOMP Frames). RabbitMQ,
// ActiveMQ and Artemis send one, and php-stomp always skips one octet behind NUL.
func appendBody(dst, body []byte) []byte { return append(writer.AppendBody(dst, body), '\n') }

// appendReceipt appends a RECEIPT. The id came in a frame of the same version, so v can
// write it.
func appendReceipt(dst []byte, v frame.Version, id []byte) []byte {
	dst = writer.AppendCommand(dst, frame.CmdReceipt)
	dst, _ = appendHeader(dst, v, receiptID, id)
	return appendBody(dst, nil)
}

var receiptID = []byte(frame.HeaderReceiptID)

// appendFrame appends a frame with command cmd, and with content-length if it has a body.
func appendFrame(dst []byte, v frame.Version, cmd frame.Command, fields []frame.Field, body string) []byte {
	dst = writer.AppendCommand(dst, cmd)
	for _, f := range fields {
		dst, _ = appendHeader(dst, v, []byte(f.Name), []byte(f.Value))
	}
	if body != "" {
		dst = writer.AppendContentLength(dst, len(body))
	}
	return appendBody(dst, []byte(body))
}
