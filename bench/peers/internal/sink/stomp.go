package sink

import (
	"bytes"
	"net"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

const connected = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\x00"

// handshake reads up to and including the first NUL, the end of CONNECT or STOMP,
// and answers. Clients send nothing more before they have the answer.
func handshake(c net.Conn, buf []byte) error {
	for {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		if bytes.IndexByte(buf[:n], 0) >= 0 {
			_, err = c.Write([]byte(connected))
			return err
		}
	}
}

// STOMP drains frames. It counts them by their NULs, so no body may hold one.
func STOMP(c net.Conn, buf []byte, arrived *flow.Gate) {
	if handshake(c, buf) != nil {
		return
	}
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		arrived.Add(int64(bytes.Count(buf[:n], nul)))
	}
}

var nul = []byte{0}

// Receipts drains frames and answers each that asks for a receipt: all that one
// read brought with one write.
func Receipts(c net.Conn, buf []byte, arrived *flow.Gate) {
	if handshake(c, buf) != nil {
		return
	}
	var out []byte
	rest := 0 // of an unfinished frame, at the start of buf
	// A frame that is larger than buf ends the connection.
	for rest < len(buf) {
		n, err := c.Read(buf[rest:])
		if err != nil {
			return
		}
		var frames int64
		out, rest, frames = appendReceipts(out[:0], buf[:rest+n])
		arrived.Add(frames)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// appendReceipts appends a RECEIPT for each whole frame of data that wants one. It
// moves what follows them to the start of data and returns how much that is.
func appendReceipts(out, data []byte) (_ []byte, rest int, frames int64) {
	left := data
	for {
		end := bytes.IndexByte(left, 0)
		if end < 0 {
			return out, copy(data, left), frames
		}
		frames++
		if id := receiptOf(left[:end]); id != nil {
			out = append(out, "RECEIPT\nreceipt-id:"...)
			out = append(out, id...)
			out = append(out, "\n\n\x00"...)
		}
		left = left[end+1:]
	}
}

var receiptHeader = []byte("\nreceipt:")

// receiptOf returns the value of the receipt header as it stands, escapes and all:
// that is also what the answer must hold.
func receiptOf(frame []byte) []byte {
	start := bytes.Index(frame, receiptHeader)
	if start < 0 {
		return nil
	}
	id := frame[start+len(receiptHeader):]
	return id[:bytes.IndexByte(id, '\n')]
}
