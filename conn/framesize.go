package conn

import (
	"fmt"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// frameTooLarge says that the frame exceeds Config.MaxFrameSize, or the known limit of the broker.
// Nothing was sent, and the connection can still be used. It Is writer.ErrRefused, and unwraps to a
// *frame.LimitError.
type frameTooLarge struct {
	size  int64 // of the frame in bytes, or a lower bound of it
	limit *frame.LimitError
}

func (e *frameTooLarge) Error() string {
	return fmt.Sprintf("stomp: frame of %d bytes exceeds the %d that the broker takes", e.size, e.limit.Max)
}

func (e *frameTooLarge) Unwrap() error { return e.limit }

func (e *frameTooLarge) Is(target error) bool { return target == writer.ErrRefused }

// checkSize refuses a frame of size bytes.
func (w *wire) checkSize(size int) error { return w.checkLength(int64(size)) }

// checkLength is checkSize for a length that need not fit an int.
func (w *wire) checkLength(size int64) error {
	if size > int64(w.maxFrame) && w.maxFrame > 0 {
		return &frameTooLarge{size, &frame.LimitError{What: frame.ErrBodyTooLong, Max: int64(w.maxFrame)}}
	}
	return nil
}

func fieldsSize(h []frame.Field) int {
	size := 0
	for i := range h {
		size += len(h[i].Name) + len(h[i].Value) + 2
	}
	return size
}

func sendSize(destination string, body []byte, h []frame.Field) int {
	return len(body) + len(destination) + fieldsSize(h) + frameOverhead
}
