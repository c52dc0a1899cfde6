package parser

import (
	"bytes"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// Handler receives the frames of a [Stream].
type Handler interface {
	// OnFrame is called once for each frame. The frame is borrowed: valid until OnFrame returns.
	// Use Clone to keep it. An error ends Feed at once.
	OnFrame(f *frame.Frame) error
}

// Stream finds frames in chunks that are cut anywhere. The zero value is ready and has no memory: a
// frame that is whole in a chunk is parsed in place, and only an unfinished frame is copied, until
// it is complete. It is not safe for concurrent use.
//
// The embedded Parser has the settings and the counters. Do not call its Parse.
type Stream struct {
	Parser

	// Buffers lends the memory for unfinished frames. If nil, it is allocated with make.
	Buffers BufferSource

	// BodyThreshold, if above 0 and if the handler is a [BodyHandler], is the size in bytes above
	// which a body is delivered in parts as it arrives, instead of being gathered: then a body of
	// any size takes no memory. Limits.Body bounds only bodies that are gathered, and the effective
	// threshold is never above it. A change of this field or of MaxStreamedBody applies from the
	// next Feed on, but not to a frame that has begun.
	BodyThreshold int
	// MaxStreamedBody bounds bodies that are delivered in parts, in bytes. 0 or less is the default
	// of 64 GiB; the bound cannot be turned off.
	MaxStreamedBody int64

	carry carry
}

// Feed parses chunk, which is borrowed until it returns, and calls h for each frame that is
// complete. A frame is delivered before the bytes behind it are read, so h may change Version for
// them.
//
// It returns how many bytes of chunk it has used: all of them if err is nil. An error of h ends it
// at once and is returned unchanged; n is then just behind the frame that h was called with, and
// chunk[n:] may be fed later. Any other error is a [*frame.SyntaxError] or [*frame.LimitError] and
// is final.
func (s *Stream) Feed(chunk []byte, h Handler) (n int, err error) {
	s.setStreaming(h)
	for n < len(chunk) || s.holdsPart() {
		used := 0
		switch {
		case s.Streaming():
			if s.carry.bytes != nil {
				err = s.drain(h)
			} else {
				used, err = s.feedPart(chunk[n:], h)
			}
		case s.carry.bytes != nil:
			used, err = s.feedCarry(chunk[n:], h)
		default:
			used, err = s.feedChunk(chunk[n:], h)
		}
		n += used
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// feedChunk parses one frame in place. What is unfinished goes to the carry.
func (s *Stream) feedChunk(chunk []byte, h Handler) (n int, err error) {
	f, n, err := s.Parse(chunk)
	switch err {
	case nil:
		return n, h.OnFrame(f)
	case ErrIncomplete:
		if n < len(chunk) {
			s.carry.add(s.Buffers, chunk[n:], s.expected(len(chunk)-n))
		}
		return len(chunk), nil
	case errBodyStart:
		return n + s.block.pos, h.(BodyHandler).OnBodyStart(&s.frame, s.left)
	case errOversize:
		used, err := s.startOversize(chunk[n:], h)
		if err != nil {
			return 0, err
		}
		return n + used, nil
	}
	return n, err
}

// feedCarry adds the bytes that belong to the carry's frame to it, and parses that.
func (s *Stream) feedCarry(chunk []byte, h Handler) (n int, err error) {
	n = s.share(chunk)
	s.carry.add(s.Buffers, chunk[:n], s.expected(len(s.carry.bytes)))
	f, _, err := s.Parse(s.carry.bytes)
	switch err {
	case nil:
		err = h.OnFrame(f)
	case ErrIncomplete:
		if s.phase != between { // otherwise CR and LF came in two chunks
			return n, nil
		}
		err = nil
	case errBodyStart:
		err = h.(BodyHandler).OnBodyStart(&s.frame, s.left)
		if s.carry.drop(s.block.pos); len(s.carry.bytes) > 0 {
			return n, err
		}
	case errOversize:
		var used int
		if used, err = s.startOversize(s.carry.bytes, h); err == nil {
			s.carry.drop(used)
			return n, nil
		}
	}
	s.carry.release(s.Buffers)
	return n, err
}

// holdsPart reports whether the carry has bytes of a streamed or skipped frame that were gathered
// before that was known.
func (s *Stream) holdsPart() bool { return s.Streaming() && s.carry.bytes != nil }

// drain reads the next part of such a frame from the carry.
func (s *Stream) drain(h Handler) error {
	used, err := s.feedPart(s.carry.bytes, h)
	if s.carry.drop(used); len(s.carry.bytes) == 0 || s.phase == failed {
		s.carry.release(s.Buffers)
	}
	return err
}

// feedPart reads the next part of a streamed or skipped frame.
func (s *Stream) feedPart(data []byte, h Handler) (n int, err error) {
	if s.over != nil {
		return s.feedOversize(data, h.(OversizeHandler))
	}
	return s.feedBody(data, h.(BodyHandler))
}

// share returns how many bytes of chunk belong to the unfinished frame: the minimum that it needs,
// or, where more may belong to it, all up to a NUL. It is never more than the largest frame and one
// byte, which proves that the frame is too long.
func (s *Stream) share(chunk []byte) int {
	chunk = chunk[:min(len(chunk), max(1, s.largest()-len(s.carry.bytes)))]
	n := min(s.need, len(chunk))
	if s.phase == counted || s.phase == between {
		return n
	}
	if i := bytes.IndexByte(chunk, 0); i >= 0 {
		return max(n, i+1)
	}
	return len(chunk)
}

// largest returns how large the unfinished frame can become.
func (s *Stream) largest() int {
	if s.phase == counted || s.phase == between {
		return len(s.carry.bytes) + s.need
	}
	const ends = 2*len("\r\n") + len("\x00") + 1
	l := &s.settings.limits
	size := int64(l.Command) + int64(l.HeaderBlock) + int64(s.settings.most) + int64(ends)
	return int(min(size, math.MaxInt))
}

// expected returns the size of the unfinished frame, of which have bytes have arrived, 0 if it is
// not known.
func (s *Stream) expected(have int) int {
	if s.phase != counted {
		return 0
	}
	return have + s.need
}

// Buffered returns how many bytes of an unfinished frame are held.
func (s *Stream) Buffered() int { return len(s.carry.bytes) }

// End must be called when the stream has ended. It returns nil between frames, the error that has
// ended the stream before, or else an [*EndError].
func (s *Stream) End() error {
	switch {
	case s.err != nil:
		return s.err
	case s.phase == between && s.carry.bytes == nil:
		return nil
	}
	return s.endError(s.Buffered())
}

// Release gives the memory of an unfinished frame back. After that only Reset may be called.
func (s *Stream) Release() { s.carry.release(s.Buffers) }

// Reset prepares the stream for another connection. It keeps the settings.
func (s *Stream) Reset() {
	s.Release()
	s.Parser.Reset()
}
