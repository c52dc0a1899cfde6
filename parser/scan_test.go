package parser

import (
	"slices"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// FuzzScan: the vectorised first pass and its portable twin find the same, and
// leave the same state behind, from any state that a parser can be in.
func FuzzScan(f *testing.F) {
	if !vectorised {
		f.Skip("there is only the portable one here")
	}
	f.Add([]byte("subscription:7\ncontent-length:128\nmessage-id:x\n\nbody\x00"), uint8(0), uint8(30))
	f.Add([]byte("-length:1\ncontent-length:2\ncontent-length:3\n\n"), uint8(1), uint8(30))
	f.Add([]byte("a:b:c\n:\n\nx"), uint8(2), uint8(3))
	f.Add([]byte("a\xc3:\\\n\r\n\x00"), uint8(3), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, state, room uint8) {
		checkWalk(t, data, state, int(room))
	})
}

// heads are the octets before b.pos, and what a parser makes of them.
var heads = []struct {
	text        string
	line, colon int
}{
	{"MESSAGE\n", 8, 0},
	{"MESSAGE\ncontent", 8, 0},
	{"MESSAGE\nname:value", 8, 12},
	{"MESSAGE\ncontent-length:", 8, 22},
}

// scanned is the memory of checkWalk, which is not called concurrently within a
// process.
var scanned struct {
	wire       []byte
	fast, slow [256]frame.Span
}

func checkWalk(t *testing.T, data []byte, state uint8, room int) {
	t.Helper()
	head := heads[int(state)%len(heads)]
	blocks := max(1, (len(data)+blockSize-1)/blockSize)
	wire := append(append(scanned.wire[:0], head.text...), data...)
	for len(wire) < len(head.text)+blocks*blockSize {
		wire = append(wire, 0)
	}
	scanned.wire = wire

	start := block{pos: len(head.text), start: 8, line: head.line, colon: head.colon, room: room}
	slow := start
	slow.spans = scanned.slow[:room]
	clear(slow.spans)
	want := slow.walkPortable(wire, blocks)
	for range machines() {
		fast := start
		fast.spans = scanned.fast[:room]
		clear(fast.spans)
		got := fast.walk(wire, blocks)
		if got != want || !sameBlock(&fast, &slow) {
			t.Fatalf("%q from state %d\nvectorised %d %+v\nportable   %d %+v", data, state, got, fast, want, slow)
		}
	}
	for i := 0; i+blockSize <= len(wire); i += blockSize {
		octets := (*[blockSize]byte)(wire[i:])
		if got, want := mark(octets), markPortable(octets); got != want {
			t.Fatalf("%q\nvectorised %x\nportable   %x", octets, got, want)
		}
	}
}

// sameBlock compares what the first pass may change.
func sameBlock(a, b *block) bool {
	return a.pos == b.pos && a.line == b.line && a.colon == b.colon && a.lines == b.lines && a.room == b.room &&
		a.lengthLine == b.lengthLine && a.lengthEnd == b.lengthEnd && a.open == b.open &&
		slices.Equal(a.spans, b.spans)
}

// TestScanEveryOctet puts each octet at each place of a block.
func TestScanEveryOctet(t *testing.T) {
	for c := range 256 {
		for i := range blockSize {
			var octets [blockSize]byte
			for j := range octets {
				octets[j] = 'x'
			}
			octets[i] = byte(c)
			want := masks{}
			switch {
			case c == '\n':
				want.lf = 1 << i
			case c == ':':
				want.colon = 1 << i
			case c < 14, c == '\\', c >= 0x80:
				want.special = 1 << i
			}
			if got := mark(&octets); got != want {
				t.Fatalf("octet %#x at %d: vectorised %x, want %x", c, i, got, want)
			}
			if got := markPortable(&octets); got != want {
				t.Fatalf("octet %#x at %d: portable %x, want %x", c, i, got, want)
			}
		}
	}
}
