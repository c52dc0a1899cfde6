package link

import "github.com/stompwire/stompwire/frame"

// Handler receives what happens on a link, on its reading goroutine.
type Handler interface {
	// OnFrame is called for each frame. f is borrowed: valid until OnFrame
	// returns. While it runs the link is not read. An error closes the link
	// with that cause.
	OnFrame(f *frame.Frame) error
	// OnClose is called exactly once, after the last OnFrame has returned.
	// err says why and is never nil; it Is net.ErrClosed after our own Close.
	OnClose(err error)
}

// Drainer is a Handler that wants to know when the outbox has room again.
type Drainer interface {
	// OnDrain is called on the flusher's goroutine, with no lock held, some time
	// after TryReserve has refused, once what was refused for has been written.
	// It must not block.
	OnDrain()
}
