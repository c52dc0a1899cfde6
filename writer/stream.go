package writer

import (
	"errors"
	"fmt"
	"io"

	"github.com/stompwire/stompwire/frame"
)

// Why a streamed body was not sent. A [BodyError] unwraps to one of them or to the error of the
// reader or writer.
var (
	ErrBodyTooShort = errors.New("the body ended early")
	ErrBodyTooLong  = errors.New("the body goes on after its length")
)

// BodyError says that a frame with a streamed body was not written to its end. The stream is then
// in the middle of a frame and cannot be used any more, unless the error matches [ErrRefused]: then
// nothing was written at all.
type BodyError struct {
	Command frame.Command
	Length  int64 // of the body, as announced
	Read    int64 // bytes of the body that were read
	Written int64 // bytes of the frame that were written
	Cause   error

	untouched bool // the writer was not called
}

func (e *BodyError) Error() string {
	return fmt.Sprintf("stomp: %v frame broken off after %d bytes, %d of %d body bytes read: %v",
		e.Command, e.Written, e.Read, e.Length, e.Cause)
}

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Cause }

// Is matches ErrRefused if the error was found before the first Write.
func (e *BodyError) Is(target error) bool { return target == ErrRefused && e.untouched }

// AppendHead appends the part of a frame before its body, including the blank line, for a body of
// known length. The caller sends the body and one NUL. The rest is as in [AppendFrame].
func AppendHead(dst []byte, v frame.Version, cmd frame.Command, h []frame.Field, bodyLength int64) ([]byte, error) {
	if bodyLength < 0 {
		return dst, &FrameError{Command: cmd, Version: v, Reason: ErrBodyLength}
	}
	if err := checkCommand(v, cmd, bodyLength > 0); err != nil {
		return dst, err
	}
	out, counted, err := appendFields(AppendCommand(dst, cmd), v, cmd, h, bodyLength)
	if err != nil {
		return dst, err
	}
	if bodyLength > 0 && !counted {
		out = appendLength(out, uint64(bodyLength))
	}
	return append(out, '\n'), nil
}

// minStreamBuffer is the minimum size of the buffer: room for a head and a part of the body.
const minStreamBuffer = 4 << 10

// WriteFrom writes a frame whose body comes from a reader: the head, exactly length bytes, NUL; the
// same bytes as [AppendFrame]. It reads until the reader returns io.EOF, so that a body that is too
// long is detected (use an io.LimitReader to send a part), and puts as much into one Write as buf
// holds. buf is scratch memory, borrowed for the call; if its capacity is below 4 KiB WriteFrom
// allocates. n is the number of bytes written.
//
// A frame that cannot be represented is refused as by AppendFrame. If the body is too short or too
// long, or the reader or the writer fails, the error is a [*BodyError]; n is still 0 if the whole
// frame fits buf and the body is at fault.
func WriteFrom(w io.Writer, v frame.Version, cmd frame.Command, h []frame.Field, body io.Reader, length int64, buf []byte) (n int64, err error) {
	if cap(buf) < minStreamBuffer {
		buf = make([]byte, 0, 8*minStreamBuffer)
	}
	head, err := AppendHead(buf[:0], v, cmd, h, length)
	if err != nil {
		return 0, err
	}
	s := stream{w: w, body: body, fault: BodyError{Command: cmd, Length: length, untouched: true}}
	if err := s.run(head); err != nil {
		fault := s.fault // a copy, so that only a frame that fails allocates
		fault.Cause = err
		return fault.Written, &fault
	}
	return s.fault.Written, nil
}

// stream is the state of one WriteFrom. fault counts, and becomes the error if there is one.
type stream struct {
	w     io.Writer
	body  io.Reader
	fault BodyError
}

// run writes the contents of buf, and then the body through the space behind them.
func (s *stream) run(buf []byte) error {
	for {
		room := buf[len(buf):cap(buf)]
		left := s.fault.Length - s.fault.Read
		if left < int64(len(room)) {
			return s.finish(buf, int(left))
		}
		if err := s.fill(room); err != nil {
			return err
		}
		if err := s.flush(buf[:cap(buf)]); err != nil {
			return err
		}
		buf = buf[:0]
	}
}

// finish writes the contents of buf, the last left bytes of the body and the NUL, all of which fit.
// It checks for the end of the body before it writes, while a small frame can still be refused.
func (s *stream) finish(buf []byte, left int) error {
	end := len(buf) + left
	last := buf[:end+1]
	if err := s.fill(last[len(buf):end]); err != nil {
		return err
	}
	if err := s.expectEOF(last[end:]); err != nil {
		return err
	}
	last[end] = 0
	return s.flush(last)
}

// fill reads len(p) bytes of the body.
func (s *stream) fill(p []byte) error {
	n, err := io.ReadFull(s.body, p)
	s.fault.Read += int64(n)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrBodyTooShort
	}
	return err
}

// expectEOF returns nil if the body has ended. p is one byte of scratch.
func (s *stream) expectEOF(p []byte) error {
	switch _, err := io.ReadFull(s.body, p); err {
	case nil:
		return ErrBodyTooLong
	case io.EOF:
		return nil
	default:
		return err
	}
}

func (s *stream) flush(p []byte) error {
	s.fault.untouched = false
	n, err := s.w.Write(p)
	s.fault.Written += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}
