package parser

import (
	"encoding/binary"

	"github.com/stompwire/stompwire/frame"
)

// The first octets of the most frequent frames, as one load reads them.
const (
	wordMessage = 'M' | 'E'<<8 | 'S'<<16 | 'S'<<24 | 'A'<<32 | 'G'<<40 | 'E'<<48 | '\n'<<56
	wordReceipt = 'R' | 'E'<<8 | 'C'<<16 | 'E'<<24 | 'I'<<32 | 'P'<<40 | 'T'<<48 | '\n'<<56
	wordSend    = 'S' | 'E'<<8 | 'N'<<16 | 'D'<<24 | '\n'<<32
)

// quick begins a frame. If it is one of the most frequent ones, and nothing in its header block is
// special, quick reads it to its end as advance would.
//
// It is a short cut through the phases and makes no decisions: where something is not as expected,
// it leaves p in the phase that it has reached, so that advance can continue, and returns 0 and
// nil.
func (p *Parser) quick(data []byte) (end int, err error) {
	s := &p.settings
	if !s.hold(p) {
		*s = newSettings(p)
	}
	p.command, p.phase, p.pos = frame.CmdNone, command, 0
	if len(data) < 8+blockSize || s.limits.Command < 8 {
		return 0, nil
	}
	w := binary.LittleEndian.Uint64(data)
	switch {
	case w == wordMessage:
		p.startHeader(frame.CmdMessage, 8)
	case w == wordReceipt:
		p.startHeader(frame.CmdReceipt, 8)
	case w&(1<<40-1) == wordSend:
		p.startHeader(frame.CmdSend, 5)
	default:
		return 0, nil
	}
	b := &p.block
	b.room = min(len(b.spans), s.limits.Headers-1)
	n := min((len(data)-b.pos)>>blockShift, s.blocks)
	if n == 0 || b.room <= 0 {
		return 0, nil
	}
	if b.walk(data, n) != walkDone {
		b.settle()
		return 0, nil
	}
	if b.lengthEnd != 0 {
		return p.quickCounted(data)
	}
	p.phase = uncounted
	return p.readUncounted(data)
}

// quickCounted continues behind a header block with content-length.
func (p *Parser) quickCounted(data []byte) (end int, err error) {
	if err = p.noteLength(data); err != nil {
		return 0, err
	}
	p.phase = counted
	if p.length > p.settings.gather {
		return 0, nil
	}
	return p.readCounted(data)
}
