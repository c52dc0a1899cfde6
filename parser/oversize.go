package parser

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// OversizeHandler is implemented by a [Handler] that may skip frames whose header block exceeds
// [frame.Limits], instead of ending the stream with the error. A skipped frame takes no memory
// except for the header lines before the limit. It must obey all other rules, and neither its
// header nor its body may be longer than the limit of a body. Until the frame is complete, Feed
// must be called with an OversizeHandler.
type OversizeHandler interface {
	// SkipOversize is called as soon as the size of a header line, the number of lines, or the size
	// of the block exceeds a limit. err says which, and the command of the frame. SkipOversize
	// reports whether to skip the frame; if not, err ends the stream.
	SkipOversize(err *frame.LimitError) bool
	// OnOversize is called once, instead of OnFrame, at the end of a skipped frame. f is borrowed:
	// valid until OnOversize returns. It has the header lines before the one that exceeded the
	// limit, and no body. An error ends Feed at once, like an error of OnFrame.
	OnOversize(f *frame.Frame, err *frame.LimitError) error
}

// To skip a frame, the automaton reads the header again without limits, from the line that exceeded
// one. The automaton needs positions only to say where something is wrong, so each part can be
// forgotten once it was read. The only line whose content matters is content-length, which
// lengthLine recognises octet by octet. The body is then read like that of a streamed frame, and
// dropped.

// oversize is a frame that is skipped.
type oversize struct {
	err    *frame.LimitError
	header frame.Header // the lines before; owned
	read   int64        // octets of the header that were skipped
	length lengthLine   // recognises content-length in the line being read
}

// errOversize is what Parse returns to a Stream when a header is above a limit.
var errOversize = errors.New("stomp: header above a limit")

// skipPart is how many octets the automaton reads at a time.
const skipPart = 4 << 10

// startOversize starts to skip the frame at the start of data, if h wants that. It returns the
// position of the first skipped line.
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

// feedOversize continues to read a skipped frame.
func (s *Stream) feedOversize(data []byte, h OversizeHandler) (n int, err error) {
	if s.phase == skipped {
		return s.skipHeader(data)
	}
	if s.left < 0 && s.length == 0 && data[0] != 0 && !s.allowsBody() {
		return 0, s.fail(frame.ErrBodyNotAllowed, 0)
	}
	if n, err = s.feedBody(data, discard{}); s.phase != between {
		return n, err
	}
	over := s.endOversize()
	s.frame = frame.Frame{Command: s.command, Header: over.header}
	return n, h.OnOversize(&s.frame, over.err)
}

// endOversize restores the limits.
func (p *Parser) endOversize() *oversize {
	over := p.over
	p.over, p.settings = nil, settings{}
	return over
}

// skipHeader reads a part of the header, and moves to the body at its end.
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
			b.colon = farBack // its position does not matter, but 0 would mean no colon
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

// endSkippedLine ends the line being recognised. The first content-length counts.
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
		p.length = 0 // now counts the octets read
	}
}

// farBack is a position before everything that is remembered of a line. Positions are never lower,
// so that those of a line of any length fit an int.
const farBack = -1 << 30

// forget makes the octet at n position 0.
func (b *block) forget(n int) {
	b.line, b.lead = max(b.line-n, farBack), b.lead-n
	b.escapes = b.escapes[:0]
}

// discard drops the body of a skipped frame.
type discard struct{}

func (discard) OnBodyStart(*frame.Frame, int64) error { return nil }
func (discard) OnBodyChunk([]byte) error              { return nil }
func (discard) OnBodyEnd() error                      { return nil }
