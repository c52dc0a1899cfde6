package charset

import "fmt"

// UnknownError says that the charset of a content type cannot be read, or is not known.
type UnknownError struct {
	ContentType string
	Err         error // why; may be nil
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("stomp: unknown charset of content-type %.100q", e.ContentType)
}

// Unwrap returns the cause.
func (e *UnknownError) Unwrap() error { return e.Err }

// InvalidError says that a body, or a text, cannot be represented in the charset. It quotes
// neither.
type InvalidError struct {
	Charset string
	Err     error // may be nil
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("stomp: text is not valid in charset %.40q", e.Charset)
}

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Err }
