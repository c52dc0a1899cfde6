package sink

import (
	"bytes"
	"errors"
	"math"
	"net"
	"strconv"
)

// bufferSize is the maximum size of one read; a header block must fit into it.
const bufferSize = 256 << 10

// drain serves one connection: all receipts of one read leave with one write.
func (s *Sink) drain(nc net.Conn) {
	buf := make([]byte, bufferSize)
	var d decoder
	rest := 0 // length of an unfinished header block at the start of buf
	for rest < len(buf) {
		n, err := nc.Read(buf[rest:])
		if err != nil {
			return
		}
		left, err := d.feed(buf[:rest+n])
		s.frames.Add(d.sends)
		d.sends = 0
		if err != nil {
			return
		}
		if len(d.out) > 0 {
			if _, err := nc.Write(d.out); err != nil {
				return
			}
			d.out = d.out[:0]
		}
		rest = copy(buf, left)
	}
}

// decoder decodes the frames of one connection.
type decoder struct {
	out   []byte // the answers
	sends uint64
	skip  int // octets of a body, and its NUL, that are still to come
}

var errNotSTOMP = errors.New("sink: that is not STOMP")

var (
	headEnd       = []byte("\n\n")
	receipt       = []byte("\nreceipt:")
	contentLength = []byte("\ncontent-length:")
)

// feed handles the complete frames in data and returns the rest.
func (d *decoder) feed(data []byte) (rest []byte, err error) {
	for {
		if n := min(d.skip, len(data)); n > 0 {
			data = data[n:]
			d.skip -= n
		}
		for len(data) > 0 && data[0] == '\n' { // heart-beats
			data = data[1:]
		}
		end := bytes.Index(data, headEnd)
		if end < 0 {
			return data, nil
		}
		head, body := data[:end+1], data[end+2:]
		length, err := bodyLength(head, body)
		if err != nil || length < 0 {
			return data, err
		}
		d.answer(head)
		d.skip = length + 1
		data = body
	}
}

// bodyLength returns the length of the body, negative if it has no content-length and its NUL has
// not arrived.
func bodyLength(head, body []byte) (int, error) {
	if value, ok := header(head, contentLength); ok {
		n, err := strconv.Atoi(string(value))
		if err != nil || n < 0 || n == math.MaxInt { // the NUL counts too
			return 0, errNotSTOMP
		}
		return n, nil
	}
	return bytes.IndexByte(body, 0), nil
}

// header returns the value of a header as it is on the wire, with escapes: the answer contains it
// in the same form.
func header(head, name []byte) (value []byte, ok bool) {
	at := bytes.Index(head, name)
	if at < 0 {
		return nil, false
	}
	value = head[at+len(name):]
	return value[:bytes.IndexByte(value, '\n')], true // head ends with LF
}

func (d *decoder) answer(head []byte) {
	switch command := head[:bytes.IndexByte(head, '\n')]; {
	case string(command) == "SEND":
		d.sends++
	case string(command) == "CONNECT" || string(command) == "STOMP":
		d.out = append(d.out, "CONNECTED\nversion:1.2\nserver:sink\nheart-beat:0,0\n\n\x00"...)
		return
	}
	if id, ok := header(head, receipt); ok {
		d.out = append(d.out, "RECEIPT\nreceipt-id:"...)
		d.out = append(d.out, id...)
		d.out = append(d.out, "\n\n\x00"...)
	}
}
