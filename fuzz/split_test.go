package fuzz

import (
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// FuzzSplit: however a stream is cut, it means the same, and wrong octets are
// found in the same place; also if large bodies are not gathered, and if a Reader
// reads it.
func FuzzSplit(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, version uint8, cuts uint64, small bool) {
		v := frame.Version(version & 3)
		l := limitsOf(small)
		whole := feed(t, data, v, l, 0, 0)
		compare(t, feed(t, data, v, l, cuts|1, 0), whole)
		compare(t, feed(t, data, v, l, cuts|1, 1+int(cuts>>56)), whole)
		compare(t, read(t, data, v, l, cuts|1), whole)
	})
}

// feed gives data to a Stream in pieces that cuts decides, 0 for one piece. Bodies
// over threshold, unless it is 0, are streamed. Each
// piece has memory of its own that ends where it does, and is overwritten
// afterwards: reading outside it, or later, would be seen.
func feed(t *testing.T, data []byte, v frame.Version, l frame.Limits, cuts uint64, threshold int) (o outcome) {
	t.Helper()
	return feedTo(t, &o, &o, data, v, l, cuts, threshold)
}

// feedTo is feed to h, which writes to o.
func feedTo(t *testing.T, h parser.Handler, o *outcome, data []byte, v frame.Version, l frame.Limits, cuts uint64, threshold int) outcome {
	t.Helper()
	s := parser.Stream{Parser: parser.Parser{Version: v, Limits: l}, BodyThreshold: threshold, MaxStreamedBody: int64(l.Body)}
	var err error
	for len(data) > 0 && err == nil {
		size := pieceSize(&cuts, len(data))
		piece := append(make([]byte, 0, size), data[:size]...)
		var n int
		if n, err = s.Feed(piece, h); err == nil && n != size {
			t.Fatalf("Feed used %d of %d bytes without an error", n, size)
		}
		for i := range piece {
			piece[i] = '#'
		}
		data = data[size:]
	}
	if err == nil {
		err = s.End()
	}
	o.finish(t, err, s.HeartBeats())
	return *o
}

// pieceSize draws the next size from cuts, which it moves on: mostly small, and
// sometimes more than a block of the first pass.
func pieceSize(cuts *uint64, most int) int {
	if *cuts == 0 {
		return most
	}
	*cuts ^= *cuts << 13
	*cuts ^= *cuts >> 7
	*cuts ^= *cuts << 17
	size := int(*cuts>>32) & 7
	if *cuts>>40&3 == 0 {
		size = int(*cuts>>32) & 127
	}
	return min(size+1, most)
}
