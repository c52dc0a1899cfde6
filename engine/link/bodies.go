package link

import "github.com/stompwire/stompwire/frame"

// SetBodyThreshold makes the link hand bodies longer than n bytes to the handler in parts as they
// arrive, without buffering them, if the handler is a [BodyHandler]. With 0 the link gathers every
// frame. It applies from the next bytes that are read. Safe for concurrent use.
func (l *Link) SetBodyThreshold(n int) {
	if l.bodies != nil {
		l.threshold.Store(int64(n))
	}
}

// OnBodyStart implements parser.BodyHandler. The parser calls it only if a threshold is set, so
// l.bodies is not nil.
func (fr *frames) OnBodyStart(f *frame.Frame, length int64) error {
	l := (*Link)(fr)
	if l.quit.Load() {
		return nil
	}
	l.frames++
	return l.bodies.OnBodyStart(f, length)
}

// OnBodyChunk implements parser.BodyHandler.
func (fr *frames) OnBodyChunk(b []byte) error {
	l := (*Link)(fr)
	if l.quit.Load() {
		return nil
	}
	return l.bodies.OnBodyChunk(b)
}

// OnBodyEnd implements parser.BodyHandler.
func (fr *frames) OnBodyEnd() error {
	l := (*Link)(fr)
	if l.quit.Load() {
		return nil
	}
	if err := l.bodies.OnBodyEnd(); err != nil {
		return err
	}
	if l.paused.Load() {
		return ErrPaused
	}
	return nil
}
