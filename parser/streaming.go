package parser

import (
	"bytes"
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// BodyHandler is implemented by a [Handler] that takes large bodies in parts. See
// [Stream.BodyThreshold]. An error of any method ends Feed at once, like an error of OnFrame. If
// Feed was called with a BodyHandler, it must be called with one until the frame is complete.
type BodyHandler interface {
	// OnBodyStart is called instead of OnFrame. The frame is borrowed: valid until OnBodyStart
	// returns. Its Body is nil; length is that of the body, or -1 if it is not known.
	OnBodyStart(f *frame.Frame, length int64) error
	// OnBodyChunk is called with each part of the body in order; none is empty. b is borrowed:
	// valid until OnBodyChunk returns.
	OnBodyChunk(b []byte) error
	// OnBodyEnd is called when the frame is complete.
	OnBodyEnd() error
}

// defaultStreamed is the default of Stream.MaxStreamedBody: 64 GiB, an hour at 18 MB/s. The
// threshold bounds memory; this bounds how long one frame can occupy a connection.
const defaultStreamed = 64 << 30

// streaming is a Stream's settings of large bodies for its Parser.
type streaming struct {
	threshold int   // 0: gather all bodies
	most      int64 // maximum length of a streamed body
}

// errBodyStart is what Parse returns to a Stream when it has read the header block
// of a frame whose body is to be streamed.
var errBodyStart = errors.New("stomp: body to be streamed")

// startStreaming moves from a frame to a stream of body bytes, of which data may have the first.
// From here on offset is that of the next body byte.
func (p *Parser) startStreaming(data []byte) (end int, err error) {
	p.viewHeader(data)
	p.frame.Body = nil
	p.phase = streamed
	p.left = p.length
	p.offset += int64(p.block.pos)
	if p.length < 0 {
		p.length = 0 // now counts the octets read
	}
	return 0, errBodyStart
}

// setStreaming applies the settings to the next frame. A frame that has begun keeps its own.
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

// Streaming reports whether a part of a streamed or skipped frame has been read. The bytes of such
// a frame are not in Buffered.
func (s *Stream) Streaming() bool { return s.phase >= streamed && s.phase <= skipped }

// feedBody passes h what data has of a streamed body, and its end.
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
