package parser

import "github.com/stompwire/stompwire/frame"

// fail ends the stream: the octet at position at of the current frame is wrong.
// It allocates, once in a parser's life, and stays out of line to keep its callers
// small.
//
//go:noinline
func (p *Parser) fail(rule error, at int) error {
	return p.stop(&frame.SyntaxError{Rule: rule, Command: p.command, Offset: p.offset + int64(at)})
}

// exceed ends the stream: the octet at position at is beyond a limit.
//
//go:noinline
func (p *Parser) exceed(what error, limit int64, at int) error {
	return p.stop(&frame.LimitError{What: what, Max: limit, Command: p.command, Offset: p.offset + int64(at)})
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
