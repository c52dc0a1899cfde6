package parser

// Memory returns how much memory p keeps for header blocks.
func Memory(p *Parser) int {
	return cap(p.scratch) + 12*cap(p.block.spans) + 4*cap(p.block.escapes)
}

// BufferSize returns how much memory r keeps for what it has read.
func BufferSize(r *Reader) int { return cap(r.buf) }
