package parser

import (
	"io"

	"github.com/stompwire/stompwire/frame"
)

// Reader reads frames from an io.Reader, one at a time. It is for tools and tests, and for a
// goroutine that may block until the next frame. It is not safe for concurrent use.
type Reader struct {
	// Version, Limits and Tolerate are those of [Parser].
	Version  frame.Version
	Limits   frame.Limits
	Tolerate Tolerance

	src    io.Reader
	parser Parser
	buf    []byte
	start  int // buf[start:] is not consumed yet
	err    error
}

const (
	readSize   = 16 << 10  // a Reader reads at least half of this at a time
	keepBuffer = 256 << 10 // the largest buffer that a Reader keeps
)

// maxEmptyReads is how often in a row a source may return neither bytes nor an
// error.
const maxEmptyReads = 100

// NewReader returns a Reader that reads from src. It reads ahead.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Next returns the next frame. The frame is borrowed: valid until Next is called again. Use Clone
// to keep it.
//
// At the end of the source it returns io.EOF between frames and an [*EndError] inside one. Other
// errors are those of the source, unchanged, and [*frame.SyntaxError] and [*frame.LimitError]. All
// of them are final.
func (r *Reader) Next() (*frame.Frame, error) {
	for {
		if r.start < len(r.buf) {
			r.parser.Version, r.parser.Limits, r.parser.Tolerate = r.Version, r.Limits, r.Tolerate
			f, n, err := r.parser.Parse(r.buf[r.start:])
			r.start += n
			if err != ErrIncomplete {
				return f, err
			}
		}
		if r.err != nil {
			return nil, r.end()
		}
		r.fill()
	}
}

// Offset returns the number of bytes consumed.
func (r *Reader) Offset() int64 { return r.parser.Offset() }

// HeartBeats returns the number of heart-beats seen; see [Parser.HeartBeats].
func (r *Reader) HeartBeats() uint64 { return r.parser.HeartBeats() }

// end returns the final error, given the source's error and what was read.
func (r *Reader) end() error {
	if rest := len(r.buf) - r.start; r.err == io.EOF && rest > 0 {
		return r.parser.endError(rest)
	}
	return r.err
}

// fill makes room behind the unfinished bytes and reads once. The buffer doubles as bytes arrive;
// the limits of the parser bound it.
func (r *Reader) fill() {
	rest := len(r.buf) - r.start
	switch {
	case rest == 0 && (cap(r.buf) == 0 || cap(r.buf) > keepBuffer):
		r.buf = make([]byte, 0, readSize)
	case cap(r.buf)-rest < readSize/2:
		r.buf = append(make([]byte, 0, 2*cap(r.buf)), r.buf[r.start:]...)
	case r.start > 0:
		r.buf = r.buf[:copy(r.buf, r.buf[r.start:])]
	}
	r.start, r.buf = 0, r.buf[:rest]
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[rest:cap(r.buf)])
		r.buf, r.err = r.buf[:rest+n], err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}
