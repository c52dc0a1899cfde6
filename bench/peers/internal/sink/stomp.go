package sink

import (
	"bytes"
	"net"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

const connected = "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\x00"

// handshake reads up to the first NUL, the end of CONNECT or STOMP, and answers. Clients send
// nothing more before the answer.
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

// STOMP discards frames. It counts them by their NULs, so bodies must not contain NUL.
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

// Receipts discards frames and answers those that ask for a receipt: all answers of one read leave
// with one write.
func Receipts(c net.Conn, buf []byte, arrived *flow.Gate) {
	if handshake(c, buf) != nil {
		return
	}
	var out []byte
	rest := 0 // length of an unfinished frame at the start of buf
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

// appendReceipts appends a RECEIPT for each complete frame of data that asks for one. It moves the
// rest to the start of data and returns its length.
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

// receiptOf returns the value of the receipt header as it is on the wire, with escapes: the answer
// contains it in the same form.
func receiptOf(frame []byte) []byte {
	start := bytes.Index(frame, receiptHeader)
	if start < 0 {
		return nil
	}
	id := frame[start+len(receiptHeader):]
	return id[:bytes.IndexByte(id, '\n')]
}
