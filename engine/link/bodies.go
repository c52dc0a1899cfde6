package link

import "github.com/stompwire/stompwire/frame"

// SetBodyThreshold has bodies longer than n bytes go to the handler in parts as they
// arrive, if it is a [BodyHandler], so that they take no memory here. 0 has every
// frame gathered. It holds from the next bytes that are read on. Safe for concurrent
// use.
func (l *Link) SetBodyThreshold(n int) {
	if l.bodies != nil {
		l.threshold.Store(int64(n))
	}
}

// OnBodyStart implements parser.BodyHandler. It is called only below a threshold, so
// there is a BodyHandler.
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
