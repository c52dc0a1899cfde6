package parser_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// parts is a handler of frames and of streamed bodies. It writes down both, and
// pauses after each call if it is told to.
type parts struct {
	drawing
	pause  error
	body   strings.Builder
	chunks int
}

func (p *parts) OnFrame(f *frame.Frame) error {
	_ = p.drawing.OnFrame(f)
	return p.pause
}

func (p *parts) OnBodyStart(f *frame.Frame, length int64) error {
	p.frames = append(p.frames, fmt.Sprintf("%s <%d>", draw(f), length))
	return p.pause
}

func (p *parts) OnBodyChunk(b []byte) error {
	if len(b) == 0 {
		return errors.New("an empty part")
	}
	p.body.Write(b)
	p.chunks++
	return p.pause
}

func (p *parts) OnBodyEnd() error {
	p.frames = append(p.frames, "/"+plainly([]byte(p.body.String())))
	p.body.Reset()
	return p.pause
}

var streamedRules = []rule{
	{name: "a body at the threshold is gathered", wire: "MESSAGE\na:\\c\n\n12345678\x00", frames: []string{"MESSAGE a=: |12345678"}},
	{name: "a body over the threshold is streamed", wire: "MESSAGE\na:\\c\n\n123456789\x00", frames: []string{"MESSAGE a=: <-1>", "/123456789"}},
	{name: "a counted body at the threshold is gathered", wire: "MESSAGE\ncontent-length:8\n\n1234567\x00\x00", frames: []string{`MESSAGE content-length=8 |"1234567\x00"`}},
	{name: "a counted body over the threshold is streamed", wire: "MESSAGE\ncontent-length:9\n\n\x002345678\x00\x00\n", frames: []string{"MESSAGE content-length=9 <9>", `/"\x002345678\x00"`}},
	{name: "frames before and behind", wire: "MESSAGE\n\na\x00\nSEND\n\n" + x(300) + "\x00\nRECEIPT\n\n\x00", frames: []string{"MESSAGE |a", "SEND <-1>", "/" + x(300), "RECEIPT"}},
	{name: "a streamed body may be larger than Limits.Body", wire: "MESSAGE\ncontent-length:100\n\n" + x(100) + "\x00", frames: []string{"MESSAGE content-length=100 <100>", "/" + x(100)}},
	{name: "the octet behind must be NUL", wire: "MESSAGE\ncontent-length:9\n\n123456789x", frames: []string{"MESSAGE content-length=9 <9>"}, err: frame.ErrNoNUL, at: 35},
	{name: "MaxStreamedBody, n", wire: "MESSAGE\n\n" + x(500) + "\x00", frames: []string{"MESSAGE <-1>", "/" + x(500)}},
	{name: "MaxStreamedBody, n+1", wire: "MESSAGE\n\n" + x(501) + "\x00", frames: []string{"MESSAGE <-1>"}, err: frame.ErrBodyTooLong, at: 9 + 500},
	{name: "MaxStreamedBody, n counted", wire: "MESSAGE\ncontent-length:500\n\n" + x(500) + "\x00", frames: []string{"MESSAGE content-length=500 <500>", "/" + x(500)}},
	{name: "MaxStreamedBody, n+1 counted", wire: "MESSAGE\ncontent-length:501\n\n", err: frame.ErrBodyTooLong, at: 23},
	{name: "a frame without body stays without", wire: "RECEIPT\ncontent-length:9\n\n123456789\x00", err: frame.ErrBodyNotAllowed, at: 23},
}

func newStreaming() *parser.Stream {
	s := &parser.Stream{BodyThreshold: 8, MaxStreamedBody: 500}
	s.Limits.Body = 50
	return s
}

// TestStreamed cuts each stream everywhere, and pauses after each call or not.
func TestStreamed(t *testing.T) {
	for _, r := range streamedRules {
		t.Run(r.name, func(t *testing.T) {
			for cut := range len(r.wire) + 1 {
				for _, pause := range []error{nil, errPause} {
					l := newLender(t)
					s := newStreaming()
					s.Buffers = l
					p := &parts{pause: pause}
					err := feedAll(t, s, p, r.wire[:cut], r.wire[cut:])
					r.check(t, fmt.Sprint("cut at ", cut, ", pause ", pause), p.frames, err)
					l.wantOut(0)
				}
			}
			p := &parts{}
			err := feedAll(t, newStreaming(), p, strings.Split(r.wire, "")...)
			r.check(t, "octet by octet", p.frames, err)
		})
	}
}

// feedAll feeds pieces, and goes on after each pause.
func feedAll(t *testing.T, s *parser.Stream, h parser.Handler, pieces ...string) error {
	t.Helper()
	for _, piece := range pieces {
		for {
			n, err := s.Feed([]byte(piece), h)
			piece = piece[n:]
			if err == nil && len(piece) > 0 {
				t.Fatalf("%q is left over without an error", piece)
			}
			if err == nil {
				break
			}
			if err != errPause {
				return err
			}
		}
	}
	return s.End()
}

// TestStreamedNeedsBodyHandler: without one, a large body is gathered, and bounded
// by Limits.Body.
func TestStreamedNeedsBodyHandler(t *testing.T) {
	s := newStreaming()
	var d drawing
	mustFeed(t, s, &d, "MESSAGE\n\n"+x(50)+"\x00")
	if len(d.frames) != 1 || d.frames[0] != "MESSAGE |"+x(50) {
		t.Fatal(d.frames)
	}
	if _, err := s.Feed([]byte("MESSAGE\n\n"+x(51)+"\x00"), &d); !errors.Is(err, frame.ErrBodyTooLong) {
		t.Fatal(err)
	}
}

// What is set while a body comes holds for the next one: this one is read to its end by
// the rules that it began with.
func TestStreamedSettingsHoldFromTheNextFrame(t *testing.T) {
	for _, set := range []func(s *parser.Stream){
		func(s *parser.Stream) { s.BodyThreshold = 0 },
		func(s *parser.Stream) { s.MaxStreamedBody = 20 },
	} {
		for _, length := range []string{"", "content-length:60\n"} {
			for cut := range len("MESSAGE\n\n" + length + x(60)) {
				wire := "MESSAGE\n" + length + "\n" + x(60) + "\x00"
				s, p := newStreaming(), &parts{}
				mustFeed(t, s, p, wire[:cut+1])
				set(s)
				mustFeed(t, s, p, wire[cut+1:])
				if n := len(p.frames); n != 2 || p.frames[1] != "/"+x(60) {
					t.Fatalf("%q, changed behind %d octets: %q", length, cut+1, p.frames)
				}
				if _, err := s.Feed([]byte(wire), p); !errors.Is(err, frame.ErrBodyTooLong) {
					t.Fatalf("the next frame: %v", err)
				}
			}
		}
	}
}

func TestStreamedNeed(t *testing.T) {
	s := newStreaming()
	mustFeed(t, s, &parts{}, "MESSAGE\ncontent-length:100\n\n"+x(30))
	if s.Need() != 71 || s.Buffered() != 0 {
		t.Fatalf("need %d, %d buffered", s.Need(), s.Buffered())
	}
	mustFeed(t, s, &parts{}, x(70))
	if s.Need() != 1 {
		t.Fatalf("need %d", s.Need())
	}
}

func TestStreamedEnd(t *testing.T) {
	s := newStreaming()
	wire := "MESSAGE\ncontent-length:100\n\n" + x(30)
	mustFeed(t, s, &parts{}, wire)
	var end *parser.EndError
	if err := s.End(); !errors.As(err, &end) || !errors.Is(err, io.ErrUnexpectedEOF) || end.Offset != int64(len(wire)) {
		t.Fatal(err)
	}
}

// sum is a handler that keeps nothing of a streamed body.
type sum struct {
	parts
	size int64
}

func (s *sum) OnBodyChunk(b []byte) error {
	s.size += int64(len(b))
	return nil
}

// TestStreamedGiB: 1 GiB passes, with and without content-length, and takes no
// memory.
func TestStreamedGiB(t *testing.T) {
	const size = 1 << 30
	for _, head := range []string{"MESSAGE\ncontent-length:1073741824\n\n", "MESSAGE\n\n"} {
		s := parser.Stream{BodyThreshold: 1 << 20}
		h := &sum{}
		chunk := []byte(x(64 << 10))
		mustFeed(t, &s, h, head)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range size / len(chunk) {
			if _, err := s.Feed(chunk, h); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		mustFeed(t, &s, h, "\x00")
		if len(h.frames) != 2 || h.size != size {
			t.Fatalf("%d of %d bytes, %d calls", h.size, size, len(h.frames))
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
			t.Errorf("%d bytes of memory taken", took)
		}
	}
}
