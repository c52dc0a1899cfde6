package coding

import (
	"fmt"
	"io"

	"github.com/stompwire/stompwire/frame"
)

// Level is a compression level.
type Level uint8

const (
	LevelDefault Level = iota
	LevelFastest
	LevelBetter
	LevelBest

	numLevels
)

// defaultMinSize: for smaller bodies, the headers and tables of a coding cost most of the gain.
const defaultMinSize = 512

// EncoderConfig configures an [Encoder].
type EncoderConfig struct {
	// Coding is Gzip, Zstd or S2.
	Coding string
	// Level is the compression level; LevelDefault if it is 0.
	Level Level
	// MinSize is the smallest body in bytes to encode; 0 is 512, a negative value encodes
	// any.
	MinSize int
}

// Encoder compresses bodies. Safe for concurrent use. Make one and keep it: it holds
// tables that are expensive to make.
type Encoder struct {
	field   frame.Field
	minSize int
	app     appender
}

// appender is a coding at a level.
type appender struct {
	// bound returns how much capacity append needs for n bytes.
	bound func(n int) int
	// append appends the encoded body to dst. It returns false, with any slice, if the result would
	// not be shorter.
	append func(dst, body []byte) ([]byte, bool)
}

// NewEncoder returns an encoder, or an error that says what is wrong with cfg.
func NewEncoder(cfg EncoderConfig) (*Encoder, error) {
	c := find(cfg.Coding)
	if c == unknown {
		return nil, fmt.Errorf("stomp: unknown coding %.32q", cfg.Coding)
	}
	if cfg.Level >= numLevels {
		return nil, fmt.Errorf("stomp: unknown level %d of coding %v", cfg.Level, c)
	}
	if cfg.MinSize == 0 {
		cfg.MinSize = defaultMinSize
	}
	return &Encoder{
		field:   frame.Field{Name: Header, Value: c.String()},
		minSize: cfg.MinSize,
		app:     c.encoder(cfg.Level),
	}, nil
}

// Field returns the header of encoded bodies.
func (e *Encoder) Field() frame.Field { return e.field }

// AppendEncoded appends the encoded body to dst and reports whether it did. If body is below the
// minimum size, or does not get shorter, out is dst: send body as it is.
func (e *Encoder) AppendEncoded(dst, body []byte) (out []byte, encoded bool) {
	if len(body) == 0 || len(body) < e.minSize {
		return dst, false
	}
	if out, encoded = e.app.append(dst, body); !encoded {
		return dst, false
	}
	return out, true
}

// bounded is a writer with a limit, so that encoding stops as soon as the body cannot get shorter.
type bounded struct {
	b   []byte
	max int // of len(b), exclusive
}

func (w *bounded) Write(p []byte) (int, error) {
	if len(w.b)+len(p) >= w.max {
		return 0, io.ErrShortWrite
	}
	w.b = append(w.b, p...)
	return len(p), nil
}
