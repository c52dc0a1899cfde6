package coding

import (
	"bytes"
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/pool"
)

// Handler returns a handler that decodes bodies by their content-encoding and passes the messages
// to h, with the decoded body in Body and the headers that the broker sent, content-encoding and
// content-length included. It passes bodies without a coding, or with an unknown one, unchanged.
// Body is borrowed: valid until h returns.
//
// A message that cannot be decoded, or that decodes to more than maxOutput bytes (DefaultMaxOutput
// if it is 0 or less), goes to bad instead, with the body as it came and a [*TooLargeError] or
// [*CorruptError]. bad decides whether to acknowledge it: a broker that redelivers NACKed messages
// would deliver it for ever. A coded body that is streamed (conn.SubscribeOptions.StreamOver) goes
// to bad with ErrStreamed.
func Handler(h conn.MessageHandler, bad func(ctx context.Context, m *conn.Message, err error), maxOutput int) conn.MessageHandler {
	return func(ctx context.Context, m *conn.Message) {
		encoding, coded := m.Header.Lookup(Header)
		switch {
		case !coded:
			h(ctx, m)
			return
		case streamed(m):
			bad(ctx, m, ErrStreamed)
			return
		}
		out := output{pooled: pool.Get(2 * len(m.Body))}
		defer out.pooled.Release()
		out.b = out.pooled.B
		switch known, err := out.decode(m.Body, string(encoding), maxOutput); {
		case err != nil:
			bad(ctx, m, err)
		case !known:
			h(ctx, m)
		default:
			coded := m.Body
			defer func() { m.Body = coded }()
			m.Body = out.b
			h(ctx, m)
		}
	}
}

// streamed reports whether the body has to be read from the connection.
func streamed(m *conn.Message) bool {
	if len(m.Body) > 0 {
		return false
	}
	_, inMemory := m.Reader().(*bytes.Reader)
	return !inMemory
}
