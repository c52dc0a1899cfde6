package coding

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// Send is conn.Client.Send of body, encoded if that makes it shorter, with the header that names
// the coding. It sends body unchanged if h has a content-encoding already, or ends with conn.Text:
// an encoded body is not text. body and h are borrowed until Send returns. It does not allocate for
// up to seven headers.
func (e *Encoder) Send(ctx context.Context, c *conn.Client, destination string, body []byte, h ...frame.Field) error {
	buf, encoded := e.encode(body, h)
	if !encoded {
		return c.Send(ctx, destination, body, h...)
	}
	defer buf.Release()
	var room [8]frame.Field
	return c.Send(ctx, destination, buf.B, append(append(room[:0], h...), e.field)...)
}

// SendReceipt is conn.Client.SendReceipt of body, encoded as by Send.
func (e *Encoder) SendReceipt(ctx context.Context, c *conn.Client, destination string, body []byte, h ...frame.Field) error {
	buf, encoded := e.encode(body, h)
	if !encoded {
		return c.SendReceipt(ctx, destination, body, h...)
	}
	defer buf.Release()
	return c.SendReceipt(ctx, destination, buf.B, append(h[:len(h):len(h)], e.field)...)
}

// Produce is conn.Producer.Send of body, encoded as by Send.
func (e *Encoder) Produce(ctx context.Context, p *conn.Producer, body []byte, h ...frame.Field) (seq uint64, err error) {
	buf, encoded := e.encode(body, h)
	if !encoded {
		return p.Send(ctx, body, h...)
	}
	defer buf.Release()
	var room [8]frame.Field
	return p.Send(ctx, buf.B, append(append(room[:0], h...), e.field)...)
}

// encode returns an owned buffer with the encoded body, if the second result is true.
func (e *Encoder) encode(body []byte, h []frame.Field) (*pool.Buffer, bool) {
	if len(body) < e.minSize || len(h) > 0 && h[len(h)-1] == conn.Text {
		return nil, false
	}
	if _, coded := frame.Fields(h).Lookup(Header); coded {
		return nil, false
	}
	buf := pool.Get(e.app.bound(len(body)))
	out, encoded := e.AppendEncoded(buf.B, body)
	if !encoded {
		buf.Release()
		return nil, false
	}
	buf.B = out
	return buf, true
}
