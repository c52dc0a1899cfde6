package coding

import (
	"context"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/pool"
)

// Handler returns a handler that decodes bodies by their content-encoding and hands
// the messages on to h: in Body what was encoded, in Header what the broker sent,
// content-encoding and content-length included. Bodies without a coding, or with one
// that we do not know, are handed on as they are. Body is borrowed as ever: valid
// until h returns.
//
// What cannot be decoded, or decodes to more than maxOutput bytes (DefaultMaxOutput
// if it is 0 or less), goes to bad instead, with the body as it came and a
// [*TooLargeError] or [*CorruptError]. It is for bad to acknowledge it or not: a
// broker that delivers again what was NACKed delivers it for ever. A coded body that is
// streamed (conn.SubscribeOptions.StreamOver) goes there with ErrStreamed.
func Handler(h conn.MessageHandler, bad func(ctx context.Context, m *conn.Message, err error), maxOutput int) conn.MessageHandler {
	return func(ctx context.Context, m *conn.Message) {
		encoding, coded := m.Header.Lookup(Header)
		if !coded {
			h(ctx, m)
			return
		}
		if m.Length() != int64(len(m.Body)) {
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
