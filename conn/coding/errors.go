package coding

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// TooLargeError says that a body would decode to more than the caller allowed. The output until
// then is discarded.
type TooLargeError struct {
	Coding string // the coding that exceeded it
	Max    int    // the limit in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("stomp: %s body decodes to more than %d bytes", e.Coding, e.Max)
}

// CorruptError says that a body is not what its content-encoding says. It unwraps to the cause,
// which Is io.ErrUnexpectedEOF if the end of gzip or zstd is missing. s2 has no end mark: it may
// end after any chunk. A zstd frame that needs a window of over 8 MiB counts as corrupt; zstd makes
// none without --ultra or --long.
type CorruptError struct {
	Coding string
	Err    error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("stomp: %s body is corrupt: %v", e.Coding, e.Err)
}

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// ErrStreamed: a streamed body is not in Message.Body, so it is not decoded.
var ErrStreamed = errors.New("stomp: a streamed body is not decoded")

// errTooLarge is a codec's error that becomes a TooLargeError.
var errTooLarge = errors.New("too large")

// decodeError converts the error of a codec.
func decodeError(c codec, max int, err error) error {
	switch err {
	case nil:
		return nil
	case errTooLarge, zstd.ErrDecoderSizeExceeded:
		return &TooLargeError{Coding: c.String(), Max: max}
	case io.EOF: // the input ended before the first byte
		err = io.ErrUnexpectedEOF
	}
	return &CorruptError{Coding: c.String(), Err: err}
}
