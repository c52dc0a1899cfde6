package parser

import "math/bits"

// few is the number of octets up to which the automaton is cheaper than masks.
const few = 12

// readHeader reads header lines up to the empty line that ends them.
func (p *Parser) readHeader(data []byte) (err error) {
	b := &p.block
	if err = p.checkLength(data); err != nil { // quick may have read it already
		return err
	}
	for done := false; b.pos < len(data); {
		switch rest := len(data) - b.pos; {
		case rest >= blockSize:
			done, err = p.readBlocks(data)
		case rest >= few:
			done, err = p.readTail(data)
		default:
			done, err = p.readOctets(data, len(data))
		}
		if err != nil {
			return err
		}
		if done {
			p.endHeader()
			return nil
		}
	}
	// At least an empty line, the body and NUL must follow.
	if p.length > p.settings.gather {
		return p.incomplete(2)
	}
	return p.incomplete(2 + max(p.length, 0))
}

// readBlocks reads whole blocks of data. It may stop after any of them.
func (p *Parser) readBlocks(data []byte) (done bool, err error) {
	b, l := &p.block, &p.settings.limits
	if b.lines+maxLines > len(b.spans) {
		b.reserve(maxLines, l.Headers)
	}
	b.room = min(len(b.spans), l.Headers-1)
	// A line that begins later also ends later.
	n := min(len(data)-b.pos, b.line+l.HeaderLine-b.pos, b.start+l.HeaderBlock-b.pos) >> blockShift
	if n <= 0 || b.open&^openLine != 0 {
		return p.readOctets(data, b.pos+blockSize)
	}
	verdict := b.walk(data, n)
	if b.lengthEnd != 0 && p.length < 0 {
		err = p.noteLength(data)
	}
	if err != nil || verdict == walkDone {
		return true, err
	}
	b.settle()
	if verdict == walkStuck {
		m := mark((*[blockSize]byte)(data[b.pos:]))
		return p.readBlock(data, &m, b.pos+blockSize)
	}
	return false, nil
}

// readTail reads the last octets of data, fewer than a block.
func (p *Parser) readTail(data []byte) (done bool, err error) {
	var padded [blockSize]byte
	n := copy(padded[:], data[p.block.pos:])
	m := mark(&padded)
	m.special &= 1<<n - 1 // the padding would look like NUL
	return p.readBlock(data, &m, len(data))
}

// endHeader moves from the header block to the body.
func (p *Parser) endHeader() {
	p.phase = uncounted
	if p.length >= 0 {
		p.phase = counted
	}
}

// readBlock reads the octets from b.pos to end, at most one block, which m marks. The automaton
// reads what m cannot decide.
func (p *Parser) readBlock(data []byte, m *masks, end int) (done bool, err error) {
	b := &p.block
	s := b.structure(m)
	if p.nearLimit(m.lf) || s.wrong != 0 && !s.empty {
		return p.readOctets(data, end)
	}
	marks := s.marks & s.before()
	stop := end
	if s.empty {
		stop = b.pos + bits.TrailingZeros64(s.wrong) + 1
	}
	if special := m.special & s.before(); special != 0 {
		cut, ok := p.readSpecial(data, special, stop)
		if !ok {
			return p.readOctets(data, end)
		}
		if cut < stop {
			stop, s.empty = cut, false
			marks &= 1<<(cut-b.pos) - 1
		}
	}
	b.reserve(bits.OnesCount64(m.lf), p.settings.limits.Headers)
	b.readLines(data, marks)
	b.pos = stop
	b.settle()
	return s.empty, p.checkLength(data)
}

// settle records what the masks leave open at b.pos.
func (b *block) settle() {
	b.open = 0
	if b.line == b.pos {
		b.open = openLine
	}
}

// checkLength parses the content-length line, once it has been seen.
func (p *Parser) checkLength(data []byte) error {
	if b := &p.block; b.lengthEnd != 0 && p.length < 0 {
		return p.noteLength(data)
	}
	return nil
}

// nearLimit reports whether a limit could be exceeded inside the block at b.pos, or whether the
// octets before it have left something open that the masks do not show.
func (p *Parser) nearLimit(lf uint64) bool {
	b, l := &p.block, &p.settings.limits
	end := b.pos + blockSize
	return b.open&^openLine != 0 ||
		end-b.line > l.HeaderLine || end-b.start > l.HeaderBlock ||
		b.lines+bits.OnesCount64(lf) >= l.Headers
}
