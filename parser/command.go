package parser

import (
	"encoding/binary"

	"github.com/stompwire/stompwire/frame"
)

// skipEOLs consumes the line ends at the start of data and returns how many bytes
// they are. "If the server or client has no real STOMP frame to send it MUST send
// an end-of-line" (STOMP 1.2, Heart-beating), and any number may follow a NUL.
//
// CR LF is accepted in every version. No command begins with CR, so between
// frames it cannot be data, not even in 1.0 and 1.1.
func (p *Parser) skipEOLs(data []byte) (n int, err error) {
	var beats uint64
	for n < len(data) {
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

func (p *Parser) consume(n int, beats uint64) {
	p.offset += int64(n)
	p.beats += beats
}

// The starts of the frames that arrive most, as one load reads them.
const (
	wordMessage = 'M' | 'E'<<8 | 'S'<<16 | 'S'<<24 | 'A'<<32 | 'G'<<40 | 'E'<<48 | '\n'<<56
	wordReceipt = 'R' | 'E'<<8 | 'C'<<16 | 'E'<<24 | 'I'<<32 | 'P'<<40 | 'T'<<48 | '\n'<<56
	wordSend    = 'S' | 'E'<<8 | 'N'<<16 | 'D'<<24 | '\n'<<32
)

// readCommand reads the command line and the line end behind it.
func (p *Parser) readCommand(data []byte) error {
	if p.pos == 0 && len(data) >= 8 && p.settings.limits.Command >= 8 {
		switch w := binary.LittleEndian.Uint64(data); {
		case w == wordMessage:
			p.startHeader(frame.CmdMessage, 8)
			return nil
		case w == wordReceipt:
			p.startHeader(frame.CmdReceipt, 8)
			return nil
		case w&0xff_ffff_ffff == wordSend:
			p.startHeader(frame.CmdSend, 5)
			return nil
		}
	}
	return p.readCommandLine(data)
}

func (p *Parser) readCommandLine(data []byte) error {
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
			return p.exceed(frame.ErrCommandTooLong, limit, i)
		}
	}
	p.pos = len(data)
	return p.incomplete(3) // a line end, an empty line, NUL
}

// endCommand takes the command line, without its LF.
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
	p.pos = at
	p.length = -1
	p.block.begin(at)
}
