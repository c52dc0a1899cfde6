package foreign

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// counter finds the heart-beats in one direction of a connection.
type counter interface {
	// count takes the next bytes and returns how many heart-beats end in them.
	count(chunk []byte) int
}

func newCounter(over transport) counter {
	if over == webSocket {
		return new(messageCounter)
	}
	return new(streamCounter)
}

// streamCounter expects frames without NUL in their bodies. It counts the line ends
// between frames, but for the first after a frame, which many clients write as a part
// of it.
type streamCounter struct {
	inFrame bool
	skip    int
}

func (c *streamCounter) count(chunk []byte) (n int) {
	for _, b := range chunk {
		switch {
		case c.inFrame:
			c.inFrame = b != 0
			c.skip = 1
		case b == '\r':
		case b != '\n':
			c.inFrame = true
		case c.skip > 0:
			c.skip--
		default:
			n++
		}
	}
	return n
}

// messageCounter counts the messages of a WebSocket (RFC 6455, section 5.2) that are
// nothing but a line end.
type messageCounter struct {
	open bool // the HTTP header is over
	buf  []byte
}

func (c *messageCounter) count(chunk []byte) (n int) {
	c.buf = append(c.buf, chunk...)
	if !c.open {
		_, after, ok := bytes.Cut(c.buf, []byte("\r\n\r\n"))
		if !ok {
			return 0
		}
		c.open, c.buf = true, after
	}
	for {
		message, rest, ok := cutMessage(c.buf)
		if !ok {
			return n
		}
		c.buf = rest
		if string(message) == "\n" || string(message) == "\r\n" {
			n++
		}
	}
}

// cutMessage takes one WebSocket frame of less than 64 KiB off b.
func cutMessage(b []byte) (payload, rest []byte, ok bool) {
	const masked, long = 0x80, 126
	if len(b) < 2 {
		return nil, nil, false
	}
	size, mask, rest := int(b[1]&^masked), make([]byte, 4), b[2:]
	if size == long {
		if len(rest) < 2 {
			return nil, nil, false
		}
		size, rest = int(binary.BigEndian.Uint16(rest)), rest[2:]
	}
	if b[1]&masked != 0 {
		rest = rest[copy(mask, rest):]
	}
	if len(rest) < size {
		return nil, nil, false
	}
	payload = slices.Clone(rest[:size])
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return payload, rest[size:], true
}

func TestCounterTellsHeartBeatsFromFrames(t *testing.T) {
	for wire, want := range map[string]int{
		"":                           0,
		"SEND\na:b\n\nbody\x00":      0,
		"SEND\n\n\x00\n":             0,
		"SEND\n\n\x00\n\n":           1,
		"SEND\n\n\x00\r\n\r\n\r\n":   2,
		"\n\nSEND\n\n\x00\nSEND\n\n": 2,
	} {
		c := newCounter(tcp)
		n := 0
		for i := range wire { // byte by byte: it must not matter how it is cut
			n += c.count([]byte{wire[i]})
		}
		if n != want {
			t.Errorf("%q has %d heart-beats, want %d", wire, n, want)
		}
	}
}

func TestCounterTellsHeartBeatsFromMessages(t *testing.T) {
	const header = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
	long := "\x81\x7e\x01\x00" + strings.Repeat("\n", 256)
	for wire, want := range map[string]int{
		"\n\n":                                  0,
		header:                                  0,
		header + "\x81\x01\n":                   1,
		header + "\x81\x81\x01\x02\x03\x04\x0b": 1, // masked: 0x0a ^ 0x01
		header + "\x81\x02\n\n\x82\x01\n":       1,
		header + long + "\x81\x01\n":            1,
	} {
		c := newCounter(webSocket)
		n := 0
		for i := range len(wire) {
			n += c.count([]byte{wire[i]})
		}
		if n != want {
			t.Errorf("%q has %d heart-beats, want %d", wire, n, want)
		}
	}
}
