package writer_test

import (
	"bytes"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// checkLinesAgree demands of both ways to write plain lines the same result, and
// that neither writes outside its room.
func checkLinesAgree(t *testing.T, h []frame.Field, room int) {
	t.Helper()
	fast, slow := bytes.Repeat([]byte{'#'}, room+32), bytes.Repeat([]byte{'#'}, room+32)
	size, lines := writer.PutPlainLines(fast[16:16+room], h)
	size2, lines2 := writer.PutPlainLinesPortable(slow[16:16+room], h)
	if size != size2 || lines != lines2 || !bytes.Equal(fast[16:16+size], slow[16:16+size]) {
		t.Fatalf("room %d, %q: %d bytes and %d lines, portable %d and %d", room, h, size, lines, size2, lines2)
	}
	guard := bytes.Repeat([]byte{'#'}, 16)
	if !bytes.HasPrefix(fast, guard) || !bytes.HasSuffix(fast, guard) {
		t.Fatalf("room %d, %q: wrote outside", room, h)
	}
}

// Every octet in every place of texts up to a few blocks.
func TestLinesAgreeOnEveryOctet(t *testing.T) {
	for n := 1; n <= 36; n++ {
		for at := range n {
			for c := range 256 {
				text := bytes.Repeat([]byte{'m'}, n)
				text[at] = byte(c)
				h := []frame.Field{{Name: string(text), Value: "v"}, {Name: "k", Value: string(text)}}
				checkLinesAgree(t, h, 2*n+6)
			}
		}
	}
}

func TestLinesAgreeOnEveryRoom(t *testing.T) {
	h := frame.Fields{{Name: "destination", Value: "/queue/orders.incoming"}, {Name: "empty", Value: ""}, {Name: "k", Value: "true"}}
	for room := range 70 {
		checkLinesAgree(t, h, room)
	}
	checkLinesAgree(t, nil, 0)
}

func TestLinesAgreeOnWhatNeedsCare(t *testing.T) {
	for _, name := range []string{"", "content-length", "content-lengtH", "Content-length", "correlation-id", "content+length", "content-length2"} {
		checkLinesAgree(t, frame.Fields{{Name: "k", Value: "v"}, {Name: name, Value: "1"}}, 100)
	}
}

// FuzzLines: both ways to write plain lines agree on any text and room.
func FuzzLines(f *testing.F) {
	f.Add("destination", "/queue/a", "content-length", "5", uint8(255))
	f.Add("a\xba", "\x9f\x80", "", ":", uint8(20))
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string, room uint8) {
		checkLinesAgree(t, []frame.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}, int(room))
	})
}
