package parser

import (
	"bytes"
	"math"

	"github.com/stompwire/stompwire/frame"
)

// readCounted jumps over a body of known length to the NUL behind it: "this number of octets MUST
// be read, regardless of whether or not there are NUL octets in the body. The frame still needs to
// be terminated with a NUL octet" (STOMP 1.2, Standard Headers).
func (p *Parser) readCounted(data []byte) (end int, err error) {
	last := int64(p.block.pos) + p.length
	if last >= int64(len(data)) {
		return 0, p.incomplete(last + 1 - int64(len(data)))
	}
	if data[last] != 0 {
		return 0, p.fail(frame.ErrNoNUL, int(last))
	}
	p.view(data, int(last))
	return int(last) + 1, nil
}

// readUncounted searches for the NUL that ends a body of unknown length. p.pos is how much of the
// body has been searched.
func (p *Parser) readUncounted(data []byte) (end int, err error) {
	from := p.block.pos + p.pos
	if p.pos == 0 && from < len(data) && data[from] != 0 && !p.allowsBody() {
		return 0, p.fail(frame.ErrBodyNotAllowed, from)
	}
	// The NUL may be just behind the longest body.
	most := p.settings.most
	window := data[from:]
	if rest := most - p.pos; rest < len(window) {
		window = window[:rest+1]
	}
	if i := bytes.IndexByte(window, 0); i >= 0 {
		p.view(data, from+i)
		return from + i + 1, nil
	}
	if p.pos += len(window); p.pos <= most {
		return 0, p.incomplete(1)
	}
	if p.settings.gather != math.MaxInt64 {
		return p.startStreaming(data)
	}
	return 0, p.exceed(frame.ErrBodyTooLong, int64(most), p.block.pos+most)
}

// view sets p.frame to the current frame, which is in data and whose body ends at bodyEnd.
func (p *Parser) view(data []byte, bodyEnd int) {
	p.viewHeader(data)
	p.frame.Body = nil
	if bodyEnd > p.block.pos {
		p.frame.Body = data[p.block.pos:bodyEnd:bodyEnd]
	}
}

func (p *Parser) viewHeader(data []byte) {
	b := &p.block
	text, spans := data[:b.line:b.line], b.spans[:b.lines:b.lines]
	if len(b.escapes) > 0 || p.rules.trim {
		text = p.rewrite(text)
	}
	p.frame.Command = p.command
	p.frame.Header.View(text, spans)
}
