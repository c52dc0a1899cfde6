package link

import "github.com/stompwire/stompwire/frame"

// SkipOversize implements parser.OversizeHandler.
func (fr *frames) SkipOversize(err *frame.LimitError) bool {
	l := (*Link)(fr)
	return l.skipper != nil && (l.quit.Load() || l.skipper.SkipOversize(err))
}

// OnOversize implements parser.OversizeHandler. The parser calls it only if SkipOversize has
// returned true.
func (fr *frames) OnOversize(f *frame.Frame, err *frame.LimitError) error {
	l := (*Link)(fr)
	if l.quit.Load() {
		return nil
	}
	l.frames++
	if err := l.skipper.OnOversize(f, err); err != nil {
		return err
	}
	if l.paused.Load() {
		return ErrPaused
	}
	return nil
}
