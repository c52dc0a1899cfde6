package parser

import "github.com/stompwire/stompwire/frame"

// keepScratch is how much memory for unescaped headers a parser keeps, in bytes.
const keepScratch = 8 << 10

// rewrite copies a header block with its escapes resolved, and makes the spans point into the copy.
// Most blocks have no escapes and are never copied.
func (p *Parser) rewrite(text []byte) []byte {
	if cap(p.scratch) < len(text) || cap(p.scratch) > max(keepScratch, len(text)) {
		p.scratch = make([]byte, max(len(text), 512))
	}
	b := &p.block
	out := p.scratch[:len(text)]
	n := resolve(out, text, b.escapes)
	moveSpans(b.spans[:b.lines], b.escapes)
	if p.rules.trim {
		trimValues(out, b.spans[:b.lines])
	}
	return out[:n:n]
}

// resolve copies text to out with the escapes resolved. It returns the length.
func resolve(out, text []byte, escapes []uint32) (n int) {
	from := 0
	for _, at := range escapes {
		n += copy(out[n:], text[from:at])
		out[n] = unescaped(text[at+1])
		n++
		from = int(at) + 2
	}
	return n + copy(out[n:], text[from:])
}

// unescaped returns what a letter of a defined escape stands for.
func unescaped(letter byte) byte {
	switch letter {
	case 'c':
		return ':'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	}
	return '\\'
}

// moveSpans subtracts, from each position, the number of escapes before it.
func moveSpans(spans []frame.Span, escapes []uint32) {
	before := uint32(0)
	count := func(at uint32) uint32 {
		for int(before) < len(escapes) && escapes[before] < at {
			before++
		}
		return at - before
	}
	for i := range spans {
		s := &spans[i]
		*s = frame.Span{Start: count(s.Start), Colon: count(s.Colon), End: count(s.End)}
	}
}

// trimValues moves the start of each value behind its leading blanks.
func trimValues(text []byte, spans []frame.Span) {
	for i := range spans {
		s := &spans[i]
		value := text[s.Colon+1 : s.End]
		s.End = s.Colon + 1 + uint32(copy(value, trimLeft(value)))
	}
}

func trimLeft(s []byte) []byte {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}
