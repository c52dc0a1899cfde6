package parser

import "github.com/stompwire/stompwire/frame"

// block is what has been read of a header block: the complete lines and the one being read.
// Positions count from the first octet of the frame.
type block struct {
	pos   int // everything before has been read
	line  int // where the line being read begins
	colon int // where its colon is, 0 if there has been none yet
	lines int // complete lines: spans[:lines]
	room  int // how many lines the first pass may write

	// The first line named content-length, if the first pass has seen it: its start, and its end or
	// 0.
	lengthLine, lengthEnd int

	start int  // where the block begins
	open  open // what the octets so far have begun

	lead      int   // where the UTF-8 sequence being read begins
	want      uint8 // how many octets of it are missing
	low, high uint8 // bounds of the next octet

	spans   []frame.Span
	escapes []uint32 // positions of the backslashes that begin an escape
}

// open is a set of constructs that the octets so far have begun and not finished.
type open uint8

const (
	openLine     open = 1 << iota // nothing of a line has been read
	openCR                        // CR, which LF must follow
	openEscape                    // a backslash, which a letter must follow
	openSequence                  // the start of a UTF-8 sequence
)

// The initial size of a parser's tables, and the size that it keeps from one frame to the next, in
// entries.
const (
	firstSpans  = 40
	keepSpans   = 256
	keepEscapes = 256
)

func (b *block) begin(at int) {
	b.pos, b.start, b.line, b.colon, b.lines = at, at, at, 0, 0
	b.lengthEnd = 0
	b.open = openLine
	b.escapes = b.escapes[:0]
	if len(b.spans) > keepSpans || cap(b.escapes) > keepEscapes {
		b.shrink()
	}
}

// shrink drops the tables that an unusual frame has left behind.
func (b *block) shrink() {
	if len(b.spans) > keepSpans {
		b.spans = nil
	}
	if cap(b.escapes) > keepEscapes {
		b.escapes = nil
	}
}

// reserve makes room for n more lines, or for as many as the limit allows.
func (b *block) reserve(n, limit int) {
	if b.lines+n <= len(b.spans) {
		return
	}
	spans := make([]frame.Span, min(limit, max(2*len(b.spans), b.lines+n, firstSpans)))
	copy(spans, b.spans[:b.lines])
	b.spans = spans
}

// push records the line of data that ends at end.
func (b *block) push(data []byte, end int) {
	b.spans[b.lines] = frame.Span{Start: uint32(b.line), Colon: uint32(b.colon), End: uint32(end)}
	b.lines++
	// No escape yields a letter of content-length, so the name can be compared as it is on the
	// wire. The first line of that name counts (STOMP 1.2, Repeated Header Entries).
	if b.colon-b.line == len(frame.HeaderContentLength) && b.lengthEnd == 0 &&
		string(data[b.line:b.colon]) == frame.HeaderContentLength {
		b.lengthLine, b.lengthEnd = b.line, end
	}
}
