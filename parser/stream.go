package parser

import (
	"bytes"

	"github.com/stompwire/stompwire/frame"
)

// Handler receives the frames of a [Stream].
type Handler interface {
	// OnFrame is called once for each frame. The frame is borrowed: valid until
	// OnFrame returns. Use Clone to keep it. An error ends Feed at once.
	OnFrame(f *frame.Frame) error
}

// Stream finds the frames in chunks that are cut anywhere. Its zero value is
// ready and has no memory: a frame that lies whole in a chunk is parsed in place,
// and only what a chunk leaves unfinished is copied, until its frame is complete.
// It is not safe for concurrent use.
//
// Its Parser carries the settings and the counters. Its Parse must not be called.
type Stream struct {
	Parser

	// Buffers lends the memory for unfinished frames. nil means make.
	Buffers BufferSource

	carry carry
}

// Feed parses chunk, which is borrowed until it returns, and calls h for each
// frame that is complete. A frame is delivered before the bytes behind it are
// looked at, so h may change Version for them.
//
// It returns how many bytes of chunk it has used: all of them if err is nil. An
// error of h ends it at once and is returned as it is, with n just behind the
// frame that h was called with; chunk[n:] may be fed later. Any other error is a
// [*frame.SyntaxError] or [*frame.LimitError] and is final.
func (s *Stream) Feed(chunk []byte, h Handler) (n int, err error) {
	for n < len(chunk) {
		var used int
		if s.carry.bytes != nil {
			used, err = s.feedCarry(chunk[n:], h)
		} else {
			used, err = s.feedChunk(chunk[n:], h)
		}
		n += used
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// feedChunk parses one frame in place. What it leaves unfinished goes to the
// carry.
func (s *Stream) feedChunk(chunk []byte, h Handler) (n int, err error) {
	f, n, err := s.Parse(chunk)
	if err == nil {
		return n, h.OnFrame(f)
	}
	if err != ErrIncomplete {
		return n, err
	}
	if n < len(chunk) {
		s.carry.add(s.Buffers, chunk[n:], s.expected(len(chunk)-n))
	}
	return len(chunk), nil
}

// feedCarry adds to the carry what belongs to its frame, and parses that.
func (s *Stream) feedCarry(chunk []byte, h Handler) (n int, err error) {
	n = s.share(chunk)
	s.carry.add(s.Buffers, chunk[:n], s.expected(len(s.carry.bytes)))
	f, _, err := s.Parse(s.carry.bytes)
	if err == nil {
		err = h.OnFrame(f)
		s.carry.release(s.Buffers)
		return n, err
	}
	if err != ErrIncomplete {
		s.carry.release(s.Buffers)
		return n, err
	}
	if s.phase == between { // CR and LF came apart
		s.carry.release(s.Buffers)
	}
	return n, nil
}

// share returns how many bytes of chunk belong to the unfinished frame: what it
// needs at least, or, while that is not the whole truth, all up to a NUL.
func (s *Stream) share(chunk []byte) int {
	n := min(s.Need(), len(chunk))
	if s.phase == counted || s.phase == between {
		return n
	}
	if i := bytes.IndexByte(chunk, 0); i >= 0 {
		return max(n, i+1)
	}
	return len(chunk)
}

// expected returns the size of the unfinished frame, of which have bytes are
// there, 0 if it is not known.
func (s *Stream) expected(have int) int {
	if s.phase != counted {
		return 0
	}
	return have + s.Need()
}

// Buffered returns the number of bytes of an unfinished frame that are held.
func (s *Stream) Buffered() int { return len(s.carry.bytes) }

// End is to be called when the stream has ended. It returns nil between frames,
// the error that has ended the stream before, or else an [*EndError].
func (s *Stream) End() error {
	if s.err != nil {
		return s.err
	}
	if n := s.Buffered(); n > 0 {
		return &EndError{Command: s.command, Offset: s.offset + int64(n)}
	}
	return nil
}

// Release gives the memory of an unfinished frame back. The stream can only be
// Reset after that.
func (s *Stream) Release() { s.carry.release(s.Buffers) }

// Reset makes the stream ready for another connection. It keeps the settings.
func (s *Stream) Reset() {
	s.Release()
	s.Parser.Reset()
}
