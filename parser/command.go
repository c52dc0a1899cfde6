package parser

import (
	"encoding/binary"

	"github.com/stompwire/stompwire/frame"
)

// skipEOLs consumes the line ends at the start of data and returns how many bytes they are. "If the
// server or client has no real STOMP frame to send it MUST send an end-of-line" (STOMP 1.2,
// Heart-beating), and any number may follow a NUL.
//
// CR LF is accepted in every version. No command begins with CR, so between frames it cannot be
// data, not even in 1.0 and 1.1.
func (p *Parser) skipEOLs(data []byte) (n int, err error) {
	var beats uint64
	for n < len(data) {
		for len(data)-n >= 8 && binary.LittleEndian.Uint64(data[n:]) == '\n'*each {
			n += 8
			beats += 8
		}
		if n == len(data) {
			break
		}
		switch data[n] {
		case '\n':
			n++
		case '\r':
			if n+1 == len(data) {
				p.consume(n, beats)
				return n, p.incomplete(1)
			}
			if data[n+1] != '\n' {
				p.consume(n, beats)
				p.command = frame.CmdNone
				return 0, p.fail(frame.ErrStrayCR, 0)
			}
			n += 2
		default:
			if n > 0 {
				p.consume(n, beats)
			}
			return n, nil
		}
		beats++
	}
	p.consume(n, beats)
	return n, p.incomplete(1)
}

// consume consumes n bytes, which contain beats EOLs. The first EOL behind a frame belongs to it
// and is not a heart-beat.
func (p *Parser) consume(n int, beats uint64) {
	frames := p.offset != p.eolsEnd // since the last EOL
	p.offset += int64(n)
	if beats == 0 {
		return
	}
	if frames {
		beats--
	}
	p.beats += beats
	p.eolsEnd = p.offset
}

// readCommand reads the command line and its line end.
func (p *Parser) readCommand(data []byte) error {
	limit := p.settings.limits.Command
	for i := p.pos; i < len(data); i++ {
		c := data[i]
		switch {
		case c == '\n':
			return p.endCommand(data[:i])
		case c == 0:
			return p.fail(frame.ErrNULInHeader, i)
		case i >= limit && (i > limit || c != '\r'):
			// A CR just beyond the limit may belong to the line end.
			return p.exceed(frame.ErrCommandTooLong, int64(limit), i)
		}
	}
	p.pos = len(data)
	return p.incomplete(3) // a line end, an empty line, NUL
}

// endCommand parses the command line, without its LF.
func (p *Parser) endCommand(line []byte) error {
	name, next := line, len(line)+1
	hasCR := len(line) > 0 && line[len(line)-1] == '\r'
	if hasCR {
		name = line[:len(line)-1]
	}
	// "Commands and headers are case-sensitive" (STOMP 1.2, STOMP Frames).
	cmd := frame.ParseCommand(name)
	r := p.settings.rules
	if cmd.Unescaped() {
		r = r.handshake()
	}
	// In 1.0 and 1.1 CR is data, and no command has one.
	if cmd == frame.CmdNone || hasCR && !r.crlf {
		return p.fail(frame.ErrBadCommand, 0)
	}
	p.startHeader(cmd, next)
	p.rules = r
	return nil
}

// startHeader begins the header block of cmd at position at.
func (p *Parser) startHeader(cmd frame.Command, at int) {
	p.phase = header
	p.command = cmd
	p.rules = p.settings.rules
	p.pos = 0
	p.length = -1
	p.block.begin(at)
}
