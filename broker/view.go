package broker

import (
	"strconv"
	"unicode/utf8"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// view is a SEND frame with its headers classified in one pass. It borrows the frame, and is reused
// for each frame of a session.
type view struct {
	version frame.Version // of the sender
	number  uint64        // of the sender's session

	frame       *frame.Frame
	destination []byte
	receipt     []byte // nil if none is asked for
	transaction []byte // nil if there is none
	expires     int64  // Unix time in milliseconds, 0 for never
	priority    []byte // nil if there is none
	again       bool   // an injected fault: to be delivered with redelivered:true
	counted     bool   // the frame has content-length
	replyTo     int    // index in keep of a reply-to line for a temporary name, -1 for none
	keep        []int  // indexes of the header lines to be passed on
	head        int    // size of these lines, unescaped
	size        int    // of these lines and what follows
	public      []byte // the reply-to name as others may use it

	lengthLine []byte // content-length line of a body of length bytes
	length     int
}

// read classifies the headers of f.
func (v *view) read(f *frame.Frame) {
	// Field by field: assigning the whole struct would be twice the work.
	v.frame = f
	v.destination, v.receipt, v.transaction = nil, nil, nil
	v.expires, v.priority, v.counted, v.replyTo = 0, nil, false, -1
	v.keep, v.size = v.keep[:0], 0
	for i := range f.Header.Len() {
		name, value := f.Header.At(i)
		if v.isForBroker(name, value) {
			continue
		}
		v.keep = append(v.keep, i)
		v.size += len(name) + len(value) + len(":\n")
	}
	v.head = v.size
	v.size += len("content-length:2147483647\n\n\x00\n") + len(f.Body)
}

// isForBroker stores the headers that the broker acts upon and reports whether this one is withheld
// from receivers. The length of the name decides nearly always.
func (v *view) isForBroker(name, value []byte) bool {
	switch len(name) {
	case 3:
		return string(name) == frame.HeaderAck
	case 5:
		return string(name) == frame.HeaderLogin
	case 7:
		switch string(name) {
		case frame.HeaderReceipt:
			first(&v.receipt, value)
			return true
		case frame.HeaderExpires:
			if v.expires == 0 {
				v.expires, _ = strconv.ParseInt(string(value), 10, 64)
			}
		}
	case 8:
		if string(name) == frame.HeaderReplyTo && v.replyTo < 0 && isTemp(value) {
			v.replyTo = len(v.keep)
			v.public = appendPublic(v.public[:0], value, v.number)
			v.size += len(v.public) - len(value)
		}
		if string(name) == frame.HeaderPriority {
			first(&v.priority, value)
		}
		return string(name) == frame.HeaderPasscode
	case 10:
		return string(name) == frame.HeaderMessageID
	case 11:
		switch string(name) {
		case frame.HeaderDestination:
			first(&v.destination, value)
			return true
		case frame.HeaderTransaction:
			first(&v.transaction, value)
			return true
		}
		return string(name) == frame.HeaderRedelivered
	case 12:
		return string(name) == frame.HeaderSubscription
	case 14:
		if string(name) == frame.HeaderContentLength {
			v.counted = true
			return true
		}
	}
	return false
}

// first stores value unless an earlier line has: "only the first header entry
// SHOULD be used" (STOMP 1.2, Repeated Header Entries).
func first(to *[]byte, value []byte) {
	if *to == nil {
		*to = value
	}
}

// line returns header line k of those that are passed on.
func (v *view) line(k int) (name, value []byte) {
	name, value = v.frame.Header.At(v.keep[k])
	if k == v.replyTo {
		value = v.public
	}
	return name, value
}

// appendFor appends the text that is the same for all receivers, as version to writes it. Lines
// that it cannot represent are left out and counted.
func (v *view) appendFor(dst []byte, to frame.Version) (out []byte, omitted uint64) {
	for k := range v.keep {
		name, value := v.line(k)
		var ok bool
		if dst, ok = appendHeader(dst, to, name, value); !ok {
			omitted++
		}
	}
	return v.appendBody(dst), omitted
}

func (v *view) appendBody(dst []byte) []byte {
	// 1.2 wants content-length "if a frame body is present"; a SEND that counted
	// an empty body gets it back too.
	if body := v.frame.Body; v.counted || len(body) > 0 {
		if v.length != len(body) || v.lengthLine == nil { // most bodies are as long as the last
			v.length, v.lengthLine = len(body), writer.AppendContentLength(v.lengthLine[:0], len(body))
		}
		dst = append(dst, v.lengthLine...)
	}
	return appendBody(dst, v.frame.Body)
}

// message returns a stored message with a copy of the view's text.
func (v *view) message() *message {
	m := newMessage(v.size)
	m.expires, m.again = v.expires, v.again
	if v.priority != nil {
		m.priority = parsePriority(v.priority)
	}
	m.plain = true
	b := m.text.B
	for k := range v.keep {
		name, value := v.line(k)
		before := len(b)
		b = appendCanonical(b, name, value)
		if len(b)-before != len(name)+len(value)+len(":\n") || v.version == frame.Version10 && !(utf8.Valid(name) && utf8.Valid(value)) {
			m.plain = false
		}
	}
	m.text.B = v.appendBody(b)
	m.measure()
	return m
}

// appendCanonical appends a header line escaped as in 1.2, whatever it contains.
func appendCanonical(dst []byte, name, value []byte) []byte {
	if out, err := writer.AppendHeaderBytes(dst, frame.Version12, name, value); err == nil {
		return out
	}
	dst = append(frame.AppendEscaped(dst, name, frame.Version12), ':')
	return append(frame.AppendEscaped(dst, value, frame.Version12), '\n')
}
