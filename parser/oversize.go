package parser

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// OversizeHandler is what a [Handler] implements, too, to have frames skipped whose
// header block is above [frame.Limits], instead of ending the stream with the error. A
// skipped frame takes no memory but for the header lines before the limit. It must obey
// all other rules, and neither its header nor its body may be longer than a body may be.
// Until the frame is complete, Feed must be called with an OversizeHandler.
type OversizeHandler interface {
	// SkipOversize is called as soon as a header line, the number of them or the block
	// is above a limit. err says which and of which command. It reports whether to skip the
	// frame; if not, err ends the stream.
	SkipOversize(err *frame.LimitError) bool
	// OnOversize is called once, instead of OnFrame, at the end of a skipped frame. f is
	// borrowed: valid until OnOversize returns. It has the header lines before the one that
	// was too much, and no body. An error ends Feed at once, as one of OnFrame does.
	OnOversize(f *frame.Frame, err *frame.LimitError) error
}

// Skipping reads the header again from the line that was too much, with the automaton and
// without limits. The automaton knows positions only to say where something is wrong, so
// each part that it has read can be forgotten. The one thing that has to be known of the
// lines, content-length, is recognised octet by octet. The body is then that of a streamed
// frame, which nothing gets.

// oversize is a frame that is skipped.
type oversize struct {
	err    *frame.LimitError
	header frame.Header // the lines before; owned
	read   int64        // octets of the header that are skipped
	length lengthLine   // what the line being read has of content-length
}

// errOversize is what Parse returns to a Stream when a header is above a limit.
var errOversize = errors.New("stomp: header above a limit")

// skipPart is how many octets the automaton reads before it forgets them.
const skipPart = 4 << 10

// startOversize has the frame at the start of data skipped, if h wants that. It returns
// where the first line begins that is skipped.
func (s *Stream) startOversize(data []byte, h Handler) (n int, err error) {
	over, b := s.over, &s.block
	if oh, ok := h.(OversizeHandler); !ok || !oh.SkipOversize(over.err) {
		s.over = nil
		_ = s.stop(over.err)
		return 0, s.nameReceipt(data)
	}
	n = b.line
	for i := len(b.escapes) - 1; i >= 0 && int(b.escapes[i]) >= n; i-- {
		b.escapes = b.escapes[:i]
	}
	s.viewHeader(data)
	over.header = s.frame.Header.Clone()
	s.phase = skipped
	s.advanceBody(n, 1)
	b.begin(0)
	l := &s.settings.limits
	l.HeaderLine, l.Headers, l.HeaderBlock = math.MaxInt, math.MaxInt, math.MaxInt
	return n, nil
}

// feedOversize reads on in a frame that is skipped.
func (s *Stream) feedOversize(data []byte, h OversizeHandler) (n int, err error) {
	if s.phase == skipped {
		return s.skipHeader(data)
	}
	if s.left < 0 && s.length == 0 && data[0] != 0 && !s.allowsBody() {
		return 0, s.fail(frame.ErrBodyNotAllowed, 0)
	}
	if n, err = s.feedBody(data, nobody{}); s.phase != between {
		return n, err
	}
	over := s.endOversize()
	s.frame = frame.Frame{Command: s.command, Header: over.header}
	return n, h.OnOversize(&s.frame, over.err)
}

// endOversize has the limits hold again.
func (p *Parser) endOversize() *oversize {
	over := p.over
	p.over, p.settings = nil, settings{}
	return over
}

// skipHeader reads a part of the header, and takes the step to the body at its end.
func (s *Stream) skipHeader(data []byte) (n int, err error) {
	b, over := &s.block, s.over
	rest := s.maxBody() - over.read
	if rest <= 0 {
		return 0, s.exceed(frame.ErrHeaderBlockTooLong, s.maxBody(), 0)
	}
	data = data[:min(rest, int64(len(data)), skipPart)]
	for done := false; n < len(data) && !done; n++ {
		c := data[n]
		if c != '\n' && (c != '\r' || !s.rules.crlf) {
			over.length.take(c, s.offset+int64(n), s.rules.trim)
		}
		if plain[c] && b.open == 0 {
			continue
		}
		if done, err = s.readOctet(data, n, c); err != nil {
			return 0, err
		}
		if c == ':' {
			b.colon = farBack // where it is does not matter, and 0 would be nowhere
		}
		if done {
			s.startSkippedBody()
		}
	}
	over.read += int64(n)
	b.forget(n)
	s.advanceBody(n, 1)
	return n, nil
}

// endSkippedLine takes the line that has been recognised. The first content-length counts.
func (p *Parser) endSkippedLine() error {
	l := p.over.length
	p.over.length = lengthLine{}
	if l.matched < len(lengthName) || p.length >= 0 {
		return nil
	}
	at := int(l.at - p.offset)
	switch {
	case l.bad || !l.digits:
		return p.fail(frame.ErrBadContentLength, at)
	case l.value > 0 && !p.allowsBody():
		return p.fail(frame.ErrBodyNotAllowed, at)
	case l.value > p.maxBody():
		return p.exceed(frame.ErrBodyTooLong, p.maxBody(), at)
	}
	p.length = l.value
	return nil
}

func (p *Parser) startSkippedBody() {
	p.phase, p.left = streamed, p.length
	if p.length < 0 {
		p.length = 0 // counts what has been read, instead
	}
}

// farBack is before all that is remembered of a line. Positions stay above it, so that a
// line of any length fits an int.
const farBack = -1 << 30

// forget makes positions count from the octet at n.
func (b *block) forget(n int) {
	b.line, b.lead = max(b.line-n, farBack), b.lead-n
	b.escapes = b.escapes[:0]
}

// nobody gets the body of a frame that is skipped.
type nobody struct{}

func (nobody) OnBodyStart(*frame.Frame, int64) error { return nil }
func (nobody) OnBodyChunk([]byte) error              { return nil }
func (nobody) OnBodyEnd() error                      { return nil }
