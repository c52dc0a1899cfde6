package ws

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// However a stream is cut in two, frames end where they do when it is whole.
func TestFrameEndAtEverySplit(t *testing.T) {
	frames := []string{
		"CONNECTED\nversion:1.2\n\n\x00\n",
		"\n\n\n",
		"MESSAGE\nmessage-id:1\n\nbody\n\nbody\x00\n",
		"MESSAGE\ncontent-length:5\n\n\x00\n\x00\n\x00\x00\n",
		"MESSAGE\ncontent-length:0\n\n\x00\n",
		"MESSAGE\nx:content-length:9\ncontent-length:3\ncontent-length:7\n\nabc\x00\n",
		"\n",
		"RECEIPT\nreceipt-id:1\n\n\x00\n",
	}
	stream := []byte(strings.Join(frames, ""))
	for cut := range len(stream) + 1 {
		var e frameEnd
		var ends []int
		at := 0
		for _, piece := range [][]byte{stream[:cut], stream[cut:]} {
			for len(piece) > 0 {
				n := e.find(piece)
				if n <= 0 || n > len(piece) {
					t.Fatalf("cut at %d: %d of %d", cut, n, len(piece))
				}
				at += n
				ends = append(ends, at)
				piece = piece[n:]
			}
		}
		want := []int{}
		for i, end := 0, 0; i < len(frames); i++ {
			if cut > end && cut < end+len(frames[i]) {
				want = append(want, cut)
			}
			end += len(frames[i])
			want = append(want, end)
		}
		if !slices.Equal(ends, want) {
			t.Fatalf("cut at %d: ends at %v, want %v", cut, ends, want)
		}
	}
}

// A head of any length costs no more than the line that a piece ends in.
func TestFrameEndKeepsOneLine(t *testing.T) {
	var e frameEnd
	head := bytes.Repeat([]byte("a:b\n"), 100_000)
	e.find(append([]byte("MESSAGE\n"), head...))
	if cap(e.line) > 100 {
		t.Errorf("%d bytes kept", cap(e.line))
	}
}
