package parser

import "github.com/stompwire/stompwire/frame"

// fail ends the stream: the octet at position at of the current frame is wrong. It allocates, at
// most once in a parser's life, and is not inlined, to keep its callers small.
//
//go:noinline
func (p *Parser) fail(rule error, at int) error {
	return p.stop(&frame.SyntaxError{Rule: rule, Command: p.command, Offset: p.offset + int64(at)})
}

// exceed ends the stream: the octet at position at is beyond a limit. If that is one of
// headers, a Stream may skip the frame instead.
//
//go:noinline
func (p *Parser) exceed(what error, limit int64, at int) error {
	err := &frame.LimitError{What: what, Max: limit, Command: p.command, Offset: p.offset + int64(at)}
	if p.inStream && p.phase == header && what != frame.ErrBodyTooLong {
		p.over = &oversize{err: err}
		return errOversize
	}
	return p.stop(err)
}

func (p *Parser) stop(err error) error {
	if p.phase < header || p.phase > uncounted {
		p.block.spans = nil // of another frame; see nameReceipt
	}
	p.phase, p.err, p.need = failed, err, 0
	p.frame = frame.Frame{}
	p.scratch = nil
	return err
}
