package parser

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// ErrIncomplete says that the bytes so far are the beginning of a frame, or of
// none. It is not a failure: call again with more. It is always this very value.
var ErrIncomplete = errors.New("stomp: incomplete frame")

// Parser finds frames at the start of byte slices. Its zero value is strict,
// ready, and has the default limits. It is not safe for concurrent use.
//
// It never allocates for a frame beyond a table of header lines and, if the frame
// has escapes, a copy of the header block; both are kept for the next frame and
// bounded by Limits.
type Parser struct {
	// Version is the version that the session speaks, 0 if none has been agreed on
	// yet: then the rules are those of 1.2. Like the other fields it may be set
	// between calls; it takes effect with the next frame.
	Version frame.Version
	// Limits bounds what a frame may take. Fields that are 0 have their defaults.
	Limits frame.Limits
	// Tolerate is what to let pass. 0 is strict.
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
	pos     int // of the command line, and of a body that is not counted: what has been looked at
	block   block
	length  int64 // content-length, -1 if there is none
	left    int64 // of a streamed body: what is to come, -1 if that is not known

	scratch []byte // unescaped header block
	frame   frame.Frame

	streaming streaming // how the next frame's body is to be treated

	eolsEnd int64 // offset behind the last EOL between frames

	over *oversize // the frame that is skipped; nil for none
}

// Parse looks for one frame at the start of data, which must begin with the first
// byte that is not consumed yet.
//
//   - (f, n, nil): a frame. EOLs before it, the frame and its NUL are n bytes. The
//     frame is borrowed: valid until the next call of Parse or Reset, and only as
//     long as data is. Use Clone to keep it.
//   - (nil, n, [ErrIncomplete]): n bytes of EOLs are consumed, and data[n:] is the
//     beginning of a frame. Call again with data[n:] and more behind it. What has
//     been looked at is remembered: no byte is scanned twice.
//   - (nil, 0, err): err is a [*frame.SyntaxError] or [*frame.LimitError], or wraps one
//     if [ReceiptOf] knows the receipt of the frame. It is fatal: every later call
//     returns the same.
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

// advance takes the current frame as far as data goes, phase by phase, and
// returns where it ends, its NUL included.
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

// Need returns, after [ErrIncomplete], how many more bytes are needed at least. It
// is exact once content-length and the end of the header block have been read.
func (p *Parser) Need() int { return p.need }

// Offset returns the number of bytes consumed since the start, or since Reset.
// After a fatal error it is where the frame begins that is wrong.
func (p *Parser) Offset() int64 { return p.offset }

// HeartBeats returns the number of EOLs seen between frames, without the one that ends
// a frame: a frame is followed by "NULL *( EOL )" (STOMP 1.2, Augmented BNF), and RabbitMQ,
// ActiveMQ and Artemis put one EOL behind each NUL. From a peer that puts none, one
// heart-beat after each frame is not counted, because it looks the same.
func (p *Parser) HeartBeats() uint64 { return p.beats }

// Reset makes the parser ready for another stream. It keeps the fields and the
// memory for header lines.
func (p *Parser) Reset() {
	p.phase, p.err = between, nil
	p.need, p.offset, p.beats, p.eolsEnd = 0, 0, 0, 0
	p.frame = frame.Frame{}
	if p.over != nil {
		p.endOversize()
	}
}

// incomplete records how many bytes are wanted at least.
func (p *Parser) incomplete(need int64) error {
	p.need = int(min(need, math.MaxInt))
	return ErrIncomplete
}
