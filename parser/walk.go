package parser

import "math/bits"

// What walk can say of the blocks it was given.
const (
	walkMore  = iota // all of them are read
	walkDone         // the empty line is read
	walkStuck        // the one at pos needs more care
)

// maxLines is how many lines a block can end that are not empty: one that began
// before it, and as many as "a:\n" fits into the rest.
const maxLines = 1 + (blockSize-1)/3

// structure is what the masks of a block mean, given what came before it.
type structure struct {
	marks uint64 // the first colon and the LF of each line, in turn
	wrong uint64 // marks that are not what must come next, or the empty line
	empty bool   // the first of wrong is the empty line
}

// structure finds the colons that end names.
//
// Adding 1 at the start of a run of ones carries to the zero behind the run. Here
// the runs are of octets that are neither colon nor LF, and the ones are added
// where lines start: what comes out is the first colon of each line, or its LF if
// it has none.
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
	// A line of which the first mark is its LF has no colon; if it stands at the
	// start of its line, it is the empty line or has no name.
	s.wrong = first & (starts | m.lf)
	s.empty = m.lf&starts&s.wrong&-s.wrong != 0
	return s
}

// before returns the bits below the empty line, all if there is none.
func (s *structure) before() uint64 {
	if s.empty {
		return s.wrong&-s.wrong - 1
	}
	return ^uint64(0)
}

// walkPortable reads up to n whole blocks of data, which begins with the frame,
// from b.pos: it writes the spans of the lines in them. It stops at a block in
// which something is special or wrong, or for which b.room may not suffice.
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

// readLines takes the lines of the block at b.pos, of which marks has the colons
// and the ends in turn.
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
