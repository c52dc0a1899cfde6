package parser

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// ErrIncomplete says that the bytes so far are the beginning of a frame, or only EOLs. It is not a
// failure: call again with more bytes. It is returned unwrapped and can be compared with ==.
var ErrIncomplete = errors.New("stomp: incomplete frame")

// Parser finds frames at the start of byte slices. The zero value is ready, strict, and has the
// default limits. It is not safe for concurrent use.
//
// It never allocates for a frame except for a table of header lines and, if the frame has escapes,
// a copy of the header block. Both are kept for the next frame and bounded by Limits.
type Parser struct {
	// Version is the version of the session, 0 if none has been agreed on yet: then the rules are
	// those of 1.2. Like the other fields it may be set between calls and takes effect with the
	// next frame.
	Version frame.Version
	// Limits bounds a frame. Fields that are 0 have their defaults.
	Limits frame.Limits
	// Tolerate is the set of accepted deviations. 0 is strict.
	Tolerate Tolerance

	settings settings // of the current frame

	phase    phase
	inStream bool  // the parser is that of a Stream
	need     int   // what Need returns
	offset   int64 // in the stream, of data[0], once leading EOLs are consumed
	beats    uint64
	err      error // set for good when phase is failed

	// The current frame. Positions count from its first octet.
	command frame.Command
	rules   rules
	pos     int // how much of the command line, or of an uncounted body, was searched
	block   block
	length  int64 // content-length, -1 if there is none
	left    int64 // octets left of a streamed body, -1 if unknown

	scratch []byte // unescaped header block
	frame   frame.Frame

	streaming streaming // how the next frame's body is to be treated

	eolsEnd int64 // offset behind the last EOL between frames

	over *oversize // the frame that is skipped; nil for none
}

// Parse looks for one frame at the start of data, which must begin with the first byte that is not
// consumed yet.
//
//   - (f, n, nil): a frame. EOLs before it, the frame and its NUL are n bytes. The frame is borrowed:
//     valid until the next call of Parse or Reset, and only as long as data is. Use Clone to keep it.
//   - (nil, n, [ErrIncomplete]): n bytes of EOLs are consumed, and data[n:] is the beginning of a
//     frame. Call again with data[n:] and more bytes behind it. No byte is scanned twice.
//   - (nil, 0, err): err is a [*frame.SyntaxError] or [*frame.LimitError], or wraps one if
//     [ReceiptOf] knows the receipt of the frame. It is fatal: every later call returns the same error.
func (p *Parser) Parse(data []byte) (f *frame.Frame, n int, err error) {
	end := 0
	if p.phase == between {
		if len(data) == 0 || data[0] <= '\r' {
			if n, err = p.skipEOLs(data); err != nil {
				return nil, n, err
			}
			data = data[n:]
		}
		end, err = p.quick(data)
	}
	if end == 0 && err == nil {
		end, err = p.advance(data)
	}
	if err != nil {
		if err != ErrIncomplete && err != errBodyStart && err != errOversize {
			return nil, 0, p.nameReceipt(data)
		}
		return nil, n, err
	}
	p.offset += int64(end)
	p.phase = between
	return &p.frame, n + end, nil
}

// advance reads the current frame as far as data goes, phase by phase, and returns where it ends,
// including its NUL.
func (p *Parser) advance(data []byte) (end int, err error) {
	if p.phase == command {
		if err = p.readCommand(data); err != nil {
			return 0, err
		}
	}
	if p.phase == header {
		if err = p.readHeader(data); err != nil {
			return 0, err
		}
	}
	switch p.phase {
	case counted:
		if p.length > p.settings.gather {
			return p.startStreaming(data)
		}
		return p.readCounted(data)
	case uncounted:
		return p.readUncounted(data)
	}
	return 0, p.err
}

// Need returns, after [ErrIncomplete], the minimum number of further bytes. It is exact once
// content-length and the end of the header block have been read.
func (p *Parser) Need() int { return p.need }

// Offset returns the number of bytes consumed since the start, or since Reset. After a fatal error
// it is where the offending frame begins.
func (p *Parser) Offset() int64 { return p.offset }

// HeartBeats returns the number of EOLs between frames, except the one that ends a frame: a frame
// is followed by "NULL *( EOL )" (STOMP 1.2, Augmented BNF), and RabbitMQ, ActiveMQ and Artemis
// write one EOL behind each NUL. If a peer writes none, the first heart-beat after each frame is
// not counted, because it looks the same.
func (p *Parser) HeartBeats() uint64 { return p.beats }

// Reset prepares the parser for another stream. It keeps the fields and the memory for header
// lines.
func (p *Parser) Reset() {
	p.phase, p.err = between, nil
	p.need, p.offset, p.beats, p.eolsEnd = 0, 0, 0, 0
	p.frame = frame.Frame{}
	if p.over != nil {
		p.endOversize()
	}
}

// incomplete records the minimum number of further bytes.
func (p *Parser) incomplete(need int64) error {
	p.need = int(min(need, math.MaxInt))
	return ErrIncomplete
}
