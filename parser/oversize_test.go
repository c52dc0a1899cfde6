package parser_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// skips is a handler that has frames skipped whose header is above a limit.
type skips struct {
	parts
	refuses bool
	asked   int
}

func (s *skips) SkipOversize(*frame.LimitError) bool {
	s.asked++
	return !s.refuses
}

func (s *skips) OnOversize(f *frame.Frame, err *frame.LimitError) error {
	s.frames = append(s.frames, fmt.Sprintf("%s ... %v at %d", draw(f), err.What, err.Offset))
	return s.pause
}

// narrow are limits that short streams exceed.
var narrow = frame.Limits{HeaderLine: 40, Headers: 3, HeaderBlock: 80, Body: 300}

const three = "MESSAGE\na:1\nb:2\nc:3\n" // as many lines as narrow allows

// Where the header is skipped from behind three.
const (
	sawThree = "MESSAGE a=1 b=2 c=3 ... number of header lines at 20"
	sawNone  = "MESSAGE ... header line at 48"
)

var oversizeRules = []rule{
	{name: "too many lines", version: v12, wire: "MESSAGE\n\nx\x00" + three + "d:4\n\nbody\x00\nMESSAGE\n\ny\x00",
		frames: []string{"MESSAGE |x", "MESSAGE a=1 b=2 c=3 ... number of header lines at 31", "MESSAGE |y"}},
	{name: "a line too long", version: v12, wire: "MESSAGE\na:1\nb:" + x(39) + "\nc:3\n\nbody\x00MESSAGE\n\ny\x00",
		frames: []string{"MESSAGE a=1 ... header line at 52", "MESSAGE |y"}},
	{name: "a block too large", version: v12, wire: "MESSAGE\na:" + x(38) + "\nb:" + x(38) + "\n\nbody\x00MESSAGE\n\ny\x00",
		frames: []string{"MESSAGE a=" + x(38) + " ... header block at 88", "MESSAGE |y"}},
	{name: "the first line is too long", version: v12, wire: "MESSAGE\n" + x(200) + ":\n\n\x00", frames: []string{sawNone}},
	{name: "a line longer than what is read at once", version: v12, limits: frame.Limits{HeaderLine: 40, Body: 1 << 20},
		wire: "MESSAGE\n" + x(9000) + ":" + x(9000) + "\ncontent-length:1\n\n\x00\x00", frames: []string{sawNone}},
	{name: "content-length before the limit", version: v12, wire: "MESSAGE\na:1\nb:2\ncontent-length:2\nd:4\n\n\x00\x00\x00MESSAGE\n\ny\x00",
		frames: []string{"MESSAGE a=1 b=2 content-length=2 ... number of header lines at 33", "MESSAGE |y"}},
	{name: "content-length behind the limit", version: v12, wire: three + "d:4\ncontent-length:2\ne:5\n\n\x00\x00\x00MESSAGE\n\ny\x00",
		frames: []string{sawThree, "MESSAGE |y"}},
	{name: "content-length is the line above the limit", version: v12, wire: three + "content-length:2\n\n\x00\x00\x00MESSAGE\n\ny\x00",
		frames: []string{sawThree, "MESSAGE |y"}},
	{name: "content-length 0", version: v12, wire: three + "content-length:0\n\n\x00MESSAGE\n\ny\x00", frames: []string{sawThree, "MESSAGE |y"}},
	{name: "the first content-length counts", version: v12, wire: three + "content-length:2\ncontent-length:3x\n\n\x00\x00\x00", frames: []string{sawThree}},
	{name: "the first content-length counts, before the limit", version: v12, wire: "MESSAGE\ncontent-length:2\na:1\nb:2\ncontent-length:x\n\n\x00\x00\x00",
		frames: []string{"MESSAGE content-length=2 a=1 b=2 ... number of header lines at 33"}},
	{name: "names that resemble content-length", version: v12, wire: three + "content-lengt:9\ncontent-length2:9\nxcontent-length:9\n\n\x00", frames: []string{sawThree}},
	{name: "a long name that ends in content-length", version: v12, wire: "MESSAGE\n" + x(60) + "content-length:9\n\n\x00", frames: []string{sawNone}},
	{name: "leading zeros", version: v12, wire: three + "content-length:" + strings.Repeat("0", 100) + "2\n\n\x00\x00\x00", frames: []string{sawThree}},
	{name: "CR LF", version: v12, wire: strings.ReplaceAll(three+"d:4\ncontent-length:2\n\n", "\n", "\r\n") + "\x00\x00\x00MESSAGE\n\ny\x00",
		frames: []string{"MESSAGE a=1 b=2 c=3 ... number of header lines at 24", "MESSAGE |y"}},
	{name: "escapes before and behind", version: v12, wire: "MESSAGE\na:\\c\\n\nb:2\nc:3\n\\c:" + strings.Repeat(`\\`, 60) + "\n\n\x00MESSAGE\na:\\c\n\n\x00",
		frames: []string{`MESSAGE a=":\n" b=2 c=3 ... number of header lines at 23`, "MESSAGE a=:"}},
	{name: "escapes in the line that is too long", version: v12, wire: "MESSAGE\na:\\c\nb:" + strings.Repeat(`\\`, 60) + "\n\n\x00",
		frames: []string{"MESSAGE a=: ... header line at 53"}},
	{name: "blanks before a value of 1.0", version: v10, tolerate: parser.TolerateLeadingSpace10,
		wire: "MESSAGE\na: 1\nb:2\nc:3\ncontent-length:  2\n\n\x00\x00\x00", frames: []string{"MESSAGE a=1 b=2 c=3 ... number of header lines at 21"}},
	{name: "a body longer than Limits.Body", version: v12, wire: three + "d:4\ncontent-length:400\n\n" + x(400) + "\x00MESSAGE\n\ny\x00", frames: []string{sawThree, "MESSAGE |y"}},
	{name: "streamed bodies before and behind", version: v12, wire: "MESSAGE\n\n" + x(301) + "\x00" + three + "d:4\n\n\x00MESSAGE\n\n" + x(301) + "\x00",
		frames: []string{"MESSAGE <-1>", "/" + x(301), "MESSAGE a=1 b=2 c=3 ... number of header lines at 331", "MESSAGE <-1>", "/" + x(301)}},
	{name: "the limits hold again", version: v12, wire: three + "d:4\n\n\x00" + three + "d:4\n\n\x00" + three + "\n\x00",
		frames: []string{sawThree, "MESSAGE a=1 b=2 c=3 ... number of header lines at 46", "MESSAGE a=1 b=2 c=3"}},
	{name: "the EOL behind belongs to the frame", version: v12, wire: three + "d:4\n\n\x00\n", frames: []string{sawThree}},

	{name: "NUL in a skipped line", version: v12, wire: three + "d:\x00\n\n\x00", err: frame.ErrNULInHeader, at: 22},
	{name: "no colon", version: v12, wire: three + "d:4\nabc\n\n\x00", err: frame.ErrNoColon, at: 27},
	{name: "no name", version: v12, wire: three + "d:4\n:c\n\n\x00", err: frame.ErrEmptyName, at: 24},
	{name: "undefined escape", version: v12, wire: three + "d:\\t\n\n\x00", err: frame.ErrBadEscape, at: 22},
	{name: "stray CR", version: v12, wire: three + "d:4\rx\n\n\x00", err: frame.ErrStrayCR, at: 23},
	{name: "not UTF-8", version: v12, wire: three + "d:" + x(100) + "\xe2\x82\n\n\x00", err: frame.ErrBadUTF8, at: 122},
	{name: "content-length is no number", version: v12, wire: three + "content-length:1x\n\n\x00", err: frame.ErrBadContentLength, at: 35},
	{name: "content-length is empty", version: v12, wire: three + "content-length:\n\n\x00", err: frame.ErrBadContentLength, at: 35},
	{name: "content-length with a blank", version: v12, wire: three + "content-length: 1\n\n\x00", err: frame.ErrBadContentLength, at: 35},
	{name: "content-length above what may be streamed", version: v12, wire: three + "content-length:501\n\n\x00", err: frame.ErrBodyTooLong, at: 35},
	{name: "content-length absurd", version: v12, wire: three + "content-length:99999999999999999999\n\n\x00", err: frame.ErrBodyTooLong, at: 35},
	{name: "body above what may be streamed", version: v12, wire: three + "d:4\n\n" + x(501) + "\x00", err: frame.ErrBodyTooLong, at: 525},
	{name: "header above what may be streamed", version: v12, wire: three + "d:" + x(500) + "\n\n\x00", err: frame.ErrHeaderBlockTooLong, at: 520},
	{name: "no NUL behind the body", version: v12, wire: three + "content-length:1\n\nxy\x00", err: frame.ErrNoNUL, at: 39},
	{name: "a frame that has no body", version: v12, wire: "RECEIPT\na:1\nb:2\nc:3\nd:4\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 25},
	{name: "a frame that has no counted body", version: v12, wire: "RECEIPT\na:1\nb:2\nc:3\ncontent-length:1\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 35},
}

// oversizeStream is a stream that reads r with narrow limits.
func (r *rule) oversizeStream() *parser.Stream {
	s := &parser.Stream{BodyThreshold: 300, MaxStreamedBody: 500}
	s.Parser = r.parser()
	if s.Limits == (frame.Limits{}) {
		s.Limits = narrow
	} else {
		s.MaxStreamedBody = 0
	}
	return s
}

// A frame whose header is above a limit is skipped, and only that, wherever the stream is cut (R3).
func TestOversizeHeaderIsSkipped(t *testing.T) {
	for _, r := range oversizeRules {
		t.Run(r.name, func(t *testing.T) {
			step := 1 + len(r.wire)/1000
			for cut := 0; cut <= len(r.wire); cut += step {
				for _, pause := range []error{nil, errPause} {
					l := newLender(t)
					s := r.oversizeStream()
					s.Buffers = l
					h := &skips{parts: parts{pause: pause}}
					err := feedAll(t, s, h, r.wire[:cut], r.wire[cut:])
					r.check(t, fmt.Sprint("cut at ", cut, ", pause ", pause), h.frames, err)
					l.wantOut(0)
					if s.HeartBeats() != 0 {
						t.Fatalf("cut at %d: %d heart-beats", cut, s.HeartBeats())
					}
				}
			}
			h := &skips{}
			err := feedAll(t, r.oversizeStream(), h, strings.Split(r.wire, "")...)
			r.check(t, "octet by octet", h.frames, err)
		})
	}
}

// What is cut off behind any octet has the frames before it, and no error but that of the end (R3).
func TestTruncatedOversizeHeader(t *testing.T) {
	for _, r := range oversizeRules {
		if r.err != nil {
			continue
		}
		before := 0
		for cut := 0; cut <= len(r.wire); cut += 1 + len(r.wire)/1000 {
			s, h := r.oversizeStream(), &skips{}
			err := feedAll(t, s, h, r.wire[:cut])
			var end *parser.EndError
			if err != nil && (!errors.As(err, &end) || end.Offset != int64(cut)) {
				t.Fatalf("%s: cut off at %d: %v", r.name, cut, err)
			}
			if len(h.frames) < before || len(h.frames) > len(r.frames) || strings.Join(h.frames, "") != strings.Join(r.frames[:len(h.frames)], "") {
				t.Fatalf("%s: cut off at %d: %q", r.name, cut, h.frames)
			}
			before = len(h.frames)
			s.Reset()
			if err := feedAll(t, s, h, three+"\n\x00"+three+"d:4\n\n\x00"); err != nil {
				t.Fatalf("%s: cut off at %d and reset: %v", r.name, cut, err)
			}
		}
	}
}

// A handler that refuses to skip, and one that cannot, have the error of the limit, at once (R3).
func TestOversizeHeaderIsRefused(t *testing.T) {
	for _, r := range limitRules {
		if r.err == nil || r.wire == "" {
			continue
		}
		asked := 0
		for cut := 0; cut <= len(r.wire); cut += 1 + len(r.wire)/300 {
			l := newLender(t)
			s := parser.Stream{Parser: r.parser(), Buffers: l}
			h := &skips{refuses: true}
			err := nextError(&s, h, r.wire[:cut], r.wire[cut:])
			r.check(t, fmt.Sprint("cut at ", cut), h.frames, err)
			l.wantOut(0)
			asked += h.asked
			if again := nextError(&s, h, "\n"); !errors.Is(again, r.err) || h.asked > 1 {
				t.Fatalf("%s: then %v, asked %d times", r.name, again, h.asked)
			}
		}
		header := r.err == frame.ErrHeaderLineTooLong || r.err == frame.ErrTooManyHeaders || r.err == frame.ErrHeaderBlockTooLong
		if header != (asked > 0) {
			t.Errorf("%s: asked %d times", r.name, asked)
		}
	}
}

// nextError feeds pieces up to an error. It drops the frames.
func nextError(s *parser.Stream, h *skips, pieces ...string) error {
	for _, piece := range pieces {
		if _, err := s.Feed([]byte(piece), h); err != nil {
			return err
		}
	}
	return s.End()
}

// An ERROR names the receipt of a frame that is not skipped (R3).
func TestRefusedOversizeHeaderNamesTheReceipt(t *testing.T) {
	for _, h := range []parser.Handler{&drawing{}, &skips{refuses: true}} {
		s := parser.Stream{}
		s.Limits = narrow
		_, err := s.Feed([]byte("SEND\nreceipt:r-1\nb:2\nc:3\nd:4\n\n\x00"), h)
		if got := string(parser.ReceiptOf(err)); got != "r-1" || !errors.Is(err, frame.ErrTooManyHeaders) {
			t.Errorf("receipt %q of %v", got, err)
		}
	}
}

// A header of 64 MiB, in one line or many, takes no memory (R3).
func TestOversizeHeaderTakesNoMemory(t *testing.T) {
	const size = 64 << 20
	for _, lines := range []string{x(1024), strings.Repeat("name:\\\\value\\\\\n", 64), "a:" + strings.Repeat(`\\`, 511)} {
		l := newLender(t)
		s := parser.Stream{BodyThreshold: 1 << 20, Buffers: l}
		h := &skips{}
		mustFeed(t, &s, h, "MESSAGE\nsubscription:1\na:")
		chunk := []byte(strings.Repeat(lines, 64))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range size / len(chunk) {
			if _, err := s.Feed(chunk, h); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		mustFeed(t, &s, h, "a:\n\nbody\x00")
		if len(h.frames) != 1 || !strings.HasPrefix(h.frames[0], "MESSAGE subscription=1 ") || s.Buffered() != 0 {
			t.Fatalf("%.200q, %d bytes held", h.frames, s.Buffered())
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
			t.Errorf("%d bytes of memory taken", took)
		}
		l.wantOut(0)
	}
}
