package broker

import (
	"fmt"

	"github.com/stompwire/stompwire/frame"
)

// A broker that accepts a message that a reader cannot accept does harm: the message ends the
// reader's connection, goes back to its queue, and ends the next one. Readers have at least the
// default limits of package frame. So a SEND is refused if its MESSAGE could exceed them in any
// version and for any subscription. A MESSAGE has lines of the broker besides those of its SEND,
// and values grow when they are escaped (8,000 raw colons are 16,000 octets on 1.2). The same holds
// for a receipt, which comes back in a longer line.

// Lines that a MESSAGE may have besides those of its SEND, and their size at most.
const (
	ownLines = 7
	ownBytes = len("subscription:\n") + 2*maxName +
		len("destination:\n") + 2*(maxName+maxDeadName) +
		len("message-id:\n") + maxPair +
		len("ack:\n") + maxPair +
		len("redelivered:true\n") +
		len("content-length:2147483647\n") +
		len(headerOriginal+":\n") + 2*(maxName+maxDeadName)

	maxPair = len("18446744073709551615-18446744073709551615")
)

// readable returns the limits that readers are assumed to have: the default limits, or
// Config.Limits where these are larger, because they were raised on purpose.
func (c Config) readable() frame.Limits {
	l := frame.Limits{}.WithDefaults()
	l.HeaderLine = max(l.HeaderLine, c.Limits.HeaderLine)
	l.Headers = max(l.Headers, c.Limits.Headers)
	l.HeaderBlock = max(l.HeaderBlock, c.Limits.HeaderBlock)
	l.Body = max(l.Body, c.Limits.Body)
	return l
}

// unreadable returns why readers could not accept the MESSAGE of the SEND that v shows, nil if they
// can. Nearly every SEND is so small that its lines need not be looked at.
func (v *view) unreadable(l *frame.Limits) *refusal {
	if len(v.keep)+ownLines <= l.Headers && 2*v.head <= l.HeaderLine && 2*v.head+ownBytes <= l.HeaderBlock {
		return nil
	}
	return v.measure(l)
}

func (v *view) measure(l *frame.Limits) *refusal {
	if n := len(v.keep) + ownLines; n > l.Headers {
		return tooLarge("%d header lines, %d of them the broker's: readers take %d.", n, ownLines, l.Headers)
	}
	block := ownBytes
	for k := range v.keep {
		name, value := v.line(k)
		n := escapedSize(name) + len(":") + escapedSize(value)
		if n > l.HeaderLine {
			return tooLarge("a header line of %d bytes: readers take %d.", n, l.HeaderLine)
		}
		block += n + len("\n")
	}
	if block > l.HeaderBlock {
		return tooLarge("%d bytes of header lines, %d of them the broker's: readers take %d.", block, ownBytes, l.HeaderBlock)
	}
	return nil
}

func tooLarge(format string, args ...any) *refusal {
	return &refusal{"header is too large", "The MESSAGE could have " + fmt.Sprintf(format, args...)}
}

// escapedSize returns the length of text in the version that escapes most, 1.2.
func escapedSize(text []byte) int {
	size := len(text)
	for _, c := range text {
		switch c {
		case '\\', '\n', ':', '\r':
			size++
		}
	}
	return size
}

// receiptExcess returns the length of the header line that names the receipt id in an answer, if
// readers do not accept that; else 0.
func (s *session) receiptExcess(id []byte) int {
	const name = len(frame.HeaderReceiptID + ":")
	most := s.b.readable.HeaderLine
	if 2*len(id)+name <= most {
		return 0
	}
	size := len(id)
	if s.version != frame.Version10 {
		size = escapedSize(id)
	}
	if size+name <= most {
		return 0
	}
	return size + name
}

// canAnswer reports whether an answer can name the receipt that f asks for. If not, it refuses f,
// which must then not be carried out.
func (s *session) canAnswer(f *frame.Frame, id []byte) bool {
	n := s.receiptExcess(id)
	if n == 0 {
		return true
	}
	s.refuse(f, "receipt is too long", fmt.Sprintf("The line that names it would have %d bytes: readers take %d.", n, s.b.readable.HeaderLine))
	return false
}
