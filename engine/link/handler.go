package link

import (
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/pool"
)

// Handler receives what happens on a link, on its reading goroutine.
type Handler interface {
	// OnFrame is called for each frame. f is borrowed: valid until OnFrame returns. The link is not
	// read while OnFrame runs. An error closes the link with that cause.
	OnFrame(f *frame.Frame) error
	// OnClose is called exactly once, after the last OnFrame has returned. err is the reason, never
	// nil; it Is net.ErrClosed after our own Close.
	OnClose(err error)
}

// Causer is a Handler that may know better than the system why a stream ended, for example from an
// ERROR frame that came before.
type Causer interface {
	// Cause is called once, before OnClose, when the peer has ended the stream or
	// a read or write has failed with err. It returns the cause that the link is
	// closed with, nil for an end in good order. It runs on the reading goroutine.
	Cause(err error) error
}

// Refuser is a Handler that answers a peer that breaks the protocol. A server "SHOULD" send ERROR
// before it closes (STOMP 1.2, Size Limits).
type Refuser interface {
	// OnRefuse is called once, on the reading goroutine, with the *frame.SyntaxError or
	// *frame.LimitError that ends the stream. If it calls Link.Shutdown, frames that it committed
	// before still reach the peer; otherwise the link is closed with err.
	OnRefuse(err error)
}

// Drainer is a Handler that is told when the outbox has room again.
type Drainer interface {
	// OnDrain is called on the flusher's goroutine, with no lock held, after TryReserve has refused
	// and the outbox has since fallen below the mark. It must not block.
	OnDrain()
}

// BodyHandler is a Handler that takes large bodies in parts, on the reading goroutine; see
// Link.SetBodyThreshold. The link is not read while one of its methods runs.
type BodyHandler = parser.BodyHandler

// OversizeHandler is a Handler that can have frames skipped whose header exceeds Options.Limits, on
// the reading goroutine. FrameTimeout then applies to each part.
type OversizeHandler = parser.OversizeHandler

// Batcher is a Handler that completes a batch before it is written.
type Batcher interface {
	// OnBatch is called with the whole outbox just before it is written. The outbox is locked.
	// OnBatch may insert bytes into out.B, grown by out.Grow, and must not remove any. It must not
	// block and must not call the link.
	OnBatch(out *pool.Buffer)
}

// Reader is a Handler that processes the frames of one read together.
type Reader interface {
	// OnRead is called on the reading goroutine, after the frames of a read.
	OnRead()
}

// Ender is a Handler that is told at once that the link is closed, even while one of its methods
// keeps the reading goroutine busy.
type Ender interface {
	// OnEnd is called once, before OnClose, on the goroutine that closes the link, with no lock
	// held. err is what Err returns. It must not block.
	OnEnd(err error)
}

// Beater is a Handler that receives heart-beats.
type Beater interface {
	// OnHeartBeat is called on the reading goroutine, after the frames of a read that had
	// heart-beats between or behind them. The EOL that ends a frame is not a heart-beat.
	OnHeartBeat()
}
