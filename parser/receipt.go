package parser

import (
	"errors"

	"github.com/stompwire/stompwire/frame"
)

// ReceiptOf returns the value of the receipt header of the frame that caused err, a fatal error of
// a parser. It is nil if the parser had not read that header as a whole line before the error, or
// if the frame is not one for which clients ask for receipts. A server names the receipt in its
// ERROR: "the ERROR frame SHOULD set the receipt-id header" (STOMP 1.2, ERROR). The value is owned
// by the caller.
func ReceiptOf(err error) []byte {
	var e *receiptError
	if errors.As(err, &e) {
		return e.receipt
	}
	return nil
}

// receiptError is the error of a frame that asks for a receipt.
type receiptError struct {
	error   // a *frame.SyntaxError or *frame.LimitError
	receipt []byte
}

func (e *receiptError) Unwrap() error { return e.error }

// nameReceipt returns the error that has just ended the stream, with the receipt of its frame if
// there is one. data begins with the frame.
func (p *Parser) nameReceipt(data []byte) error {
	if p.block.spans == nil {
		return p.err
	}
	lines := p.block.spans[:p.block.lines]
	p.block.spans = nil
	switch p.command {
	case frame.CmdConnect, frame.CmdStomp, frame.CmdConnected, frame.CmdMessage, frame.CmdReceipt, frame.CmdError:
		return p.err
	}
	for _, line := range lines {
		// No escape yields a letter of receipt.
		if string(data[line.Start:line.Colon]) != frame.HeaderReceipt {
			continue
		}
		if id, ok := p.unescapeOne(data[line.Colon+1 : line.End]); ok {
			p.err = &receiptError{p.err, id}
		}
		break
	}
	return p.err
}

// unescapeOne returns a copy of a value with its escapes resolved.
func (p *Parser) unescapeOne(value []byte) ([]byte, bool) {
	v := frame.Version10 // 1.0 has no escapes
	if p.rules.escapes {
		if v = p.settings.version; v == 0 || v == frame.Version10 {
			v = frame.Version12
		}
	}
	out, err := frame.AppendUnescaped(make([]byte, 0, len(value)), value, v)
	return out, err == nil
}
