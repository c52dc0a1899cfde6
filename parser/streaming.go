package parser

import (
	"bytes"
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// BodyHandler is what a [Handler] implements, too, to get large bodies in parts.
// See [Stream.BodyThreshold]. An error of any method ends Feed at once, as one of
// OnFrame does. Until the frame is complete that Feed was called with one for, it must
// be called with one.
type BodyHandler interface {
	// OnBodyStart is called instead of OnFrame. The frame is borrowed: valid until
	// OnBodyStart returns. It has no Body; length is that of the body, or -1 if it
	// is not known.
	OnBodyStart(f *frame.Frame, length int64) error
	// OnBodyChunk is called with the parts of the body in turn; none is empty. b is
	// borrowed: valid until OnBodyChunk returns.
	OnBodyChunk(b []byte) error
	// OnBodyEnd is called when the frame is complete.
	OnBodyEnd() error
}

// defaultStreamed is the default of Stream.MaxStreamedBody: 64 GiB, an hour at
// 18 MB/s. What bounds memory is the threshold; this bounds how long one frame can
// keep a connection to itself.
const defaultStreamed = 64 << 30

// streaming is how a Stream tells its Parser to treat large bodies.
type streaming struct {
	threshold int   // 0: gather all
	most      int64 // bytes of a streamed body
}

// errBodyStart is what Parse returns to a Stream when it has read the header block
// of a frame whose body is to be streamed.
var errBodyStart = errors.New("stomp: body to be streamed")

// startStreaming turns from a frame to a stream of body bytes, of which data may
// have the first. From here on offset is that of the next of them.
func (p *Parser) startStreaming(data []byte) (end int, err error) {
	p.viewHeader(data)
	p.frame.Body = nil
	p.phase = streamed
	p.left = p.length
	p.offset += int64(p.block.pos)
	if p.length < 0 {
		p.length = 0 // counts what has been read, instead
	}
	return 0, errBodyStart
}

// setStreaming takes the settings for the next frame. One that has begun keeps its own.
func (s *Stream) setStreaming(h Handler) {
	if s.phase != between {
		return
	}
	s.inStream = true
	s.streaming = streaming{}
	if s.BodyThreshold <= 0 {
		return
	}
	if _, ok := h.(BodyHandler); ok {
		s.streaming = streaming{s.BodyThreshold, s.MaxStreamedBody}
		if s.MaxStreamedBody <= 0 {
			s.streaming.most = defaultStreamed
		}
	}
}

// Streaming reports whether a part of a frame has been read whose body is delivered in
// parts, or which is skipped; such a frame is not among the Buffered bytes.
func (s *Stream) Streaming() bool { return s.phase >= streamed && s.phase <= skipped }

// feedBody gives h what data has of a streamed body, and its end.
func (s *Stream) feedBody(data []byte, h BodyHandler) (n int, err error) {
	if s.left < 0 {
		return s.feedUncounted(data, h)
	}
	if s.left > 0 {
		n = int(min(s.left, int64(len(data))))
		s.left -= int64(n)
		s.advanceBody(n, s.left+1)
		return n, h.OnBodyChunk(data[:n:n])
	}
	if data[0] != 0 {
		return 0, s.fail(frame.ErrNoNUL, 0)
	}
	return s.endBody(h)
}

// feedUncounted is feedBody for a body of unknown length.
func (s *Stream) feedUncounted(data []byte, h BodyHandler) (n int, err error) {
	if data[0] == 0 {
		return s.endBody(h)
	}
	most := s.maxBody() - s.length
	if most == 0 {
		return 0, s.exceed(frame.ErrBodyTooLong, s.maxBody(), 0)
	}
	data = data[:min(most, int64(len(data)))]
	if n = bytes.IndexByte(data, 0); n < 0 {
		n = len(data)
	}
	s.length += int64(n)
	s.advanceBody(n, 1)
	return n, h.OnBodyChunk(data[:n:n])
}

// advanceBody consumes n bytes of a streamed body; need is what Need returns then.
func (s *Stream) advanceBody(n int, need int64) {
	s.offset += int64(n)
	s.need = int(min(need, math.MaxInt))
}

// endBody consumes the NUL behind a streamed body.
func (s *Stream) endBody(h BodyHandler) (n int, err error) {
	s.advanceBody(1, 1)
	s.phase = between
	return 1, h.OnBodyEnd()
}
