package parser

import "math/bits"

// The results of walk.
const (
	walkMore  = iota // all blocks were read
	walkDone         // the empty line was read
	walkStuck        // the automaton must read the block at pos
)

// maxLines is how many non-empty lines can end in a block: one that began before it, and as many as
// "a:\n" fits into the rest.
const maxLines = 1 + (blockSize-1)/3

// structure is what the masks of a block mean, given the octets before it.
type structure struct {
	marks uint64 // the first colon and the LF of each line, in turn
	wrong uint64 // marks that may not come next, and the empty line
	empty bool   // the first mark in wrong is the empty line
}

// structure finds the colons that end names.
//
// Adding 1 at the start of a run of ones carries to the zero behind the run. Here the runs are of
// octets that are neither colon nor LF, and the ones are added where lines start. The result is the
// first colon of each line, or its LF if it has none.
func (b *block) structure(m *masks) (s structure) {
	stops := m.lf | m.colon
	starts, names := m.lf<<1, m.lf<<1
	if b.colon == 0 {
		names |= 1
	}
	if b.line == b.pos {
		starts |= 1
	}
	first := (names + ^stops) & stops
	s.marks = first | m.lf
	// A line whose first mark is its LF has no colon. If that LF is at the start of its line, the
	// line is empty or has no name.
	s.wrong = first & (starts | m.lf)
	s.empty = m.lf&starts&s.wrong&-s.wrong != 0
	return s
}

// before returns the bits below the empty line, all bits if there is none.
func (s *structure) before() uint64 {
	if s.empty {
		return s.wrong&-s.wrong - 1
	}
	return ^uint64(0)
}

// walkPortable reads up to n whole blocks of data, which begins with the frame, from b.pos, and
// writes the spans of the lines in them. It stops at a block in which something is special or
// wrong, or for which b.room may not suffice.
func (b *block) walkPortable(data []byte, n int) int {
	for ; n > 0; n-- {
		m := markPortable((*[blockSize]byte)(data[b.pos:]))
		s := b.structure(&m)
		if m.special&s.before() != 0 || s.wrong != 0 && !s.empty || b.scarce(m.lf) {
			return walkStuck
		}
		b.readLines(data, s.marks&s.before())
		if s.empty {
			b.pos += bits.TrailingZeros64(s.wrong) + 1
			return walkDone
		}
		b.pos += blockSize
	}
	return walkMore
}

// scarce reports whether there may not be room for the lines of a block.
func (b *block) scarce(lf uint64) bool {
	return b.lines+maxLines > b.room && b.lines+bits.OnesCount64(lf) > b.room
}

// readLines reads the lines of the block at b.pos. marks has their colons and ends, alternating.
func (b *block) readLines(data []byte, marks uint64) {
	for ; marks != 0; marks &= marks - 1 {
		at := b.pos + bits.TrailingZeros64(marks)
		if b.colon == 0 {
			b.colon = at
			continue
		}
		b.push(data, at)
		b.line, b.colon = at+1, 0
	}
}
