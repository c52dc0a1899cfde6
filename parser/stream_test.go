package parser_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// lender is a BufferSource that knows what is out.
type lender struct {
	t       *testing.T
	out     map[*byte]bool
	largest int
	gets    int
}

func newLender(t *testing.T) *lender { return &lender{t: t, out: map[*byte]bool{}} }

func (l *lender) Get(size int) []byte {
	buf := make([]byte, size)
	l.out[&buf[0]] = true
	l.largest = max(l.largest, size)
	l.gets++
	return buf[:0]
}

func (l *lender) Put(buf []byte) {
	first := &buf[:1][0]
	if !l.out[first] {
		l.t.Error("a buffer came back that was not out")
	}
	delete(l.out, first)
	clear(buf[:cap(buf)]) // a use after release would be seen
}

func (l *lender) wantOut(n int) {
	l.t.Helper()
	if len(l.out) != n {
		l.t.Fatalf("%d buffers are out, want %d", len(l.out), n)
	}
}

func mustFeed(t *testing.T, s *parser.Stream, h parser.Handler, chunk string) {
	t.Helper()
	if n, err := s.Feed([]byte(chunk), h); err != nil || n != len(chunk) {
		t.Fatalf("Feed(%.40q) = %d, %v", chunk, n, err)
	}
}

// TestStreamCarryGoesBack: memory is taken while a frame straddles chunks, and at
// no other time.
func TestStreamCarryGoesBack(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	var d drawing
	for _, step := range []struct {
		chunk         string
		out, buffered int
	}{
		{"MESSAGE\n\na\x00MESSAGE\n\nb\x00\n\n", 0, 0}, // all of it lies whole
		{"MESSAGE\na:", 1, 10},
		{"b\n\nbo", 1, 15},
		{"dy\x00MESSAGE\n\nc\x00", 0, 0}, // the second frame is parsed in place
		{"\n\r", 1, 1},
		{"\nMESS", 1, 4},
		{"AGE\n\n\x00\r\n", 0, 0},
	} {
		mustFeed(t, &s, &d, step.chunk)
		l.wantOut(step.out)
		if s.Buffered() != step.buffered {
			t.Fatalf("after %q: %d bytes buffered, want %d", step.chunk, s.Buffered(), step.buffered)
		}
	}
	if got := strings.Join(d.frames, "; "); got != "MESSAGE |a; MESSAGE |b; MESSAGE a=b |body; MESSAGE |c; MESSAGE" {
		t.Fatal(got)
	}
}

func TestStreamCarryGoesBackOnError(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	mustFeed(t, &s, &drawing{}, "MESSAGE\na")
	l.wantOut(1)
	if _, err := s.Feed([]byte("b\n\n\x00"), &drawing{}); !errors.Is(err, frame.ErrNoColon) {
		t.Fatal(err)
	}
	l.wantOut(0)
	if err := s.End(); !errors.Is(err, frame.ErrNoColon) {
		t.Fatal(err)
	}
}

func TestStreamResetForgetsAnError(t *testing.T) {
	var s parser.Stream
	if _, err := s.Feed([]byte("bad\n"), &drawing{}); !errors.Is(err, frame.ErrBadCommand) {
		t.Fatal(err)
	}
	s.Reset()
	mustFeed(t, &s, &drawing{}, "MESSAGE\n\n\x00")
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
}

func TestStreamCarryGoesBackOnRelease(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	mustFeed(t, &s, &drawing{}, "MESSAGE\na")
	s.Release()
	l.wantOut(0)
	mustFeed(t, new(parser.Stream), &drawing{}, "MESSAGE\n\n\x00")
	s.Reset()
	mustFeed(t, &s, &drawing{}, "MESSAGE\n\n\x00")
}

// TestStreamReservesByArrival: an announced length alone takes at most 64 KiB.
func TestStreamReservesByArrival(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	const head = "MESSAGE\ncontent-length:10000000\n\n"
	mustFeed(t, &s, &drawing{}, head)
	if l.largest > 64<<10 {
		t.Fatalf("%d bytes reserved for %d", l.largest, len(head))
	}
	for sent := 0; sent < 10000000; sent += 10000 {
		mustFeed(t, &s, &drawing{}, x(10000))
		if have := s.Buffered(); l.largest > max(64<<10, 2*have) || l.largest > len(head)+10000001 {
			t.Fatalf("%d bytes reserved for %d", l.largest, have)
		}
	}
	mustFeed(t, &s, &drawing{}, "\x00")
	l.wantOut(0)
	if l.gets > 12 {
		t.Fatalf("the carry grew %d times", l.gets)
	}
}

// TestStreamReservesExactly: a short announced body is reserved at once.
func TestStreamReservesExactly(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	mustFeed(t, &s, &drawing{}, "MESSAGE\ncontent-length:30000\n\n")
	for range 30 {
		mustFeed(t, &s, &drawing{}, x(1000))
	}
	mustFeed(t, &s, &drawing{}, "\x00")
	if l.gets != 1 || l.largest != 30+30000+1 {
		t.Fatalf("%d buffers, the largest of %d bytes", l.gets, l.largest)
	}
}

// TestStreamCarryIsBounded: chunks larger than any frame do not get into the carry
// as a whole.
func TestStreamCarryIsBounded(t *testing.T) {
	l := newLender(t)
	s := parser.Stream{Buffers: l}
	s.Limits = frame.Limits{HeaderLine: 100, HeaderBlock: 200, Body: 50}
	mustFeed(t, &s, &drawing{}, "M")
	if _, err := s.Feed([]byte("ESSAGE\n\n"+x(1<<20)), &drawing{}); !errors.Is(err, frame.ErrBodyTooLong) {
		t.Fatal(err)
	}
	if l.largest > 1024 {
		t.Fatalf("%d bytes reserved", l.largest)
	}
	l.wantOut(0)
}

// pausing is a handler that has had enough after each frame.
type pausing struct{ drawing }

var errPause = errors.New("enough for now")

func (p *pausing) OnFrame(f *frame.Frame) error {
	_ = p.drawing.OnFrame(f)
	return errPause
}

// TestStreamPauses: an error of the handler ends Feed just behind its frame, also
// if the frame was gathered, and Feed goes on there.
func TestStreamPauses(t *testing.T) {
	const wire = "MESSAGE\n\na\x00\nMESSAGE\n\nb\x00\n"
	for cut := range len(wire) {
		s := parser.Stream{Buffers: newLender(t)}
		var p pausing
		var ends []int
		done := 0
		for _, part := range []string{wire[:cut], wire[cut:]} {
			for len(part) > 0 {
				n, err := s.Feed([]byte(part), &p)
				part = part[n:]
				if done += n; err == errPause {
					ends = append(ends, done)
				} else if err != nil || len(part) > 0 {
					t.Fatalf("cut at %d: %v with %q left", cut, err, part)
				}
			}
		}
		if len(ends) != 2 || ends[0] != 11 || ends[1] != 23 {
			t.Fatalf("cut at %d: paused at %v", cut, ends)
		}
		if got := strings.Join(p.frames, "; "); got != "MESSAGE |a; MESSAGE |b" {
			t.Fatalf("cut at %d: %s", cut, got)
		}
	}
}

// negotiating is a handler that does what a session does at CONNECTED.
type negotiating struct {
	drawing
	stream *parser.Stream
}

func (n *negotiating) OnFrame(f *frame.Frame) error {
	if f.Command == frame.CmdConnected {
		n.stream.Version = frame.ParseVersion(f.Header.Text(frame.HeaderVersion))
	}
	return n.drawing.OnFrame(f)
}

// TestStreamVersionChangesInsideChunk: the bytes behind CONNECTED are read by the
// rules of the version that it announces, wherever chunks are cut.
func TestStreamVersionChangesInsideChunk(t *testing.T) {
	for _, c := range []struct{ version, want string }{
		{"1.0", `MESSAGE a="\\c\r"`},
		{"1.1", `MESSAGE a=":\r"`},
		{"1.2", `MESSAGE a=:`},
	} {
		wire := "CONNECTED\nversion:" + c.version + "\nx:\\c\n\n\x00\nMESSAGE\na:\\c\r\n\n\x00"
		for cut := range len(wire) {
			var s parser.Stream
			h := negotiating{stream: &s}
			mustFeed(t, &s, &h, wire[:cut])
			mustFeed(t, &s, &h, wire[cut:])
			if len(h.frames) != 2 || h.frames[1] != c.want {
				t.Fatalf("version %s, cut at %d: %q", c.version, cut, h.frames)
			}
		}
	}
}

func TestStreamEnd(t *testing.T) {
	for _, c := range []struct {
		wire   string
		offset int64 // -1: between frames
		text   string
	}{
		{"", -1, ""},
		{"\n\r\n", -1, ""},
		{"MESSAGE\n\n\x00\n", -1, ""},
		{"MESSAGE\n\n\x00\n\r", 12, "stomp: stream ended inside a frame at offset 12"},
		{"MESS", 4, "stomp: stream ended inside a frame at offset 4"},
		{"MESSAGE\n\n\x00MESSAGE\n\nbo", 21, "stomp: stream ended inside a MESSAGE frame at offset 21"},
	} {
		var s parser.Stream
		mustFeed(t, &s, &drawing{}, c.wire)
		err := s.End()
		if c.offset < 0 {
			if err != nil {
				t.Errorf("%q: %v", c.wire, err)
			}
			continue
		}
		var end *parser.EndError
		if !errors.As(err, &end) || end.Offset != c.offset || err.Error() != c.text ||
			!errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, frame.ErrProtocol) {
			t.Errorf("%q: %v", c.wire, err)
		}
	}
}
