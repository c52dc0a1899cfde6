package ws

import (
	"bytes"
	"strconv"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/wsconn"
)

// framed writes each frame as one message. Its input was encoded by the broker, so it does not
// check it for errors.
type framed struct {
	*wsconn.Conn
	end  frameEnd
	held []byte // the beginning of a frame; the next Write has the rest
}

// maxHeld bounds the beginning of a frame that is held, in bytes; a larger frame goes out in parts.
const maxHeld = 1 << 20

// Write sends the frames in p, and heart-beats, one message each. The link splits its output every
// 64 KiB, anywhere in a frame. What follows the last whole frame is held until the next Write, for
// which the link already has the bytes.
func (w *framed) Write(p []byte) (written int, err error) {
	for written < len(p) {
		n := w.end.find(p[written:])
		piece := p[written : written+n]
		if w.end.state != between && len(w.held)+n <= maxHeld {
			w.held = append(w.held, piece...)
			return len(p), nil
		}
		if err := w.send(piece); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// send sends what is held and p.
func (w *framed) send(p []byte) error {
	if len(w.held) > 0 {
		p = append(w.held, p...)
		w.held = nil
	}
	_, err := w.Conn.Write(p)
	return err
}

// frameEnd finds the ends of frames in a stream that comes in pieces.
//
//	between ── octet other than LF ──▶ in the head ── empty line ──▶ in the body
//	   ▲                                                                  │
//	   └────────────────────────── LF ── behind NUL ◀── NUL ──────────────┘
//
// The broker writes one LF behind each NUL, which belongs to the frame.
type frameEnd struct {
	state frameState
	line  []byte // the part of a header line that earlier pieces contained
	left  int    // octets left of a body with content-length; -1 if a NUL ends it
}

type frameState uint8

const (
	between frameState = iota
	inHead
	inBody
	behindNUL
)

// find returns how much of p belongs to the current frame, or to the heart-beats before the next.
func (e *frameEnd) find(p []byte) int {
	at := 0
	for at < len(p) {
		switch e.state {
		case between:
			if p[at] == '\n' {
				at++
				continue
			}
			if at > 0 {
				return at // heart-beats
			}
			e.state, e.left = inHead, -1
		case inHead:
			at += e.readLine(p[at:])
		case inBody:
			n, whole := e.readBody(p[at:])
			at += n
			if whole {
				e.state = behindNUL
			}
		case behindNUL:
			e.state = between
			return at + len("\n")
		}
	}
	return at
}

const contentLength = frame.HeaderContentLength + ":"

// readLine reads the next line of the head, or a part of it.
func (e *frameEnd) readLine(p []byte) int {
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		e.line = append(e.line, p...)
		return len(p)
	}
	line := p[:i]
	if len(e.line) > 0 {
		line = append(e.line, line...)
	}
	if value, found := bytes.CutPrefix(line, []byte(contentLength)); found && e.left < 0 {
		e.left, _ = strconv.Atoi(string(value))
	}
	if len(line) == 0 {
		e.state = inBody
	}
	e.line = e.line[:0]
	return i + 1
}

// readBody reads what p has of the body, and the NUL behind it.
func (e *frameEnd) readBody(p []byte) (n int, whole bool) {
	if e.left < 0 {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			return len(p), false
		}
		return i + 1, true
	}
	if len(p) <= e.left {
		e.left -= len(p)
		return len(p), false
	}
	return e.left + 1, true
}
