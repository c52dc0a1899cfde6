package parser

import (
	"bytes"

	"github.com/stompwire/stompwire/frame"
)

// readCounted jumps over a body of known length to the NUL behind it: "this
// number of octets MUST be read, regardless of whether or not there are NUL
// octets in the body. The frame still needs to be terminated with a NUL octet"
// (STOMP 1.2, Standard Headers).
func (p *Parser) readCounted(data []byte) (end int, err error) {
	last := p.body + int(p.length)
	if last >= len(data) {
		return 0, p.incomplete(last + 1 - len(data))
	}
	if data[last] != 0 {
		return 0, p.fail(frame.ErrNoNUL, last)
	}
	p.view(data, last)
	return last + 1, nil
}

// readUncounted looks for the NUL that ends a body of unknown length.
func (p *Parser) readUncounted(data []byte) (end int, err error) {
	if p.pos == p.body && p.pos < len(data) && data[p.pos] != 0 && !p.allowsBody() {
		return 0, p.fail(frame.ErrBodyNotAllowed, p.pos)
	}
	// The NUL may stand just behind the longest body.
	most := p.settings.limits.Body
	window := data[p.pos:]
	if most < len(data)-p.body {
		window = data[p.pos : p.body+most+1]
	}
	if i := bytes.IndexByte(window, 0); i >= 0 {
		last := p.pos + i
		p.view(data, last)
		return last + 1, nil
	}
	p.pos += len(window)
	if p.pos-p.body > most {
		return 0, p.exceed(frame.ErrBodyTooLong, most, p.pos-1)
	}
	return 0, p.incomplete(1)
}

// view makes p.frame show the current frame, which lies in data and whose body
// ends at bodyEnd.
func (p *Parser) view(data []byte, bodyEnd int) {
	p.viewHeader(data)
	p.frame.Body = nil
	if bodyEnd > p.body {
		p.frame.Body = data[p.body:bodyEnd:bodyEnd]
	}
}

func (p *Parser) viewHeader(data []byte) {
	b := &p.block
	text, spans := data[:b.line:b.line], b.spans[:b.lines:b.lines]
	if len(b.escapes) > 0 || p.rules.trim {
		text = p.rewrite(text)
	}
	p.frame.Command = p.command
	p.frame.Header = frame.NewHeader(text, spans)
}
