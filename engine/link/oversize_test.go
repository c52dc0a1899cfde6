package link_test

import (
	"errors"
	"net"
	"testing"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// skipper has frames skipped, and says whether it does.
type skipper struct {
	recorder
	refuses bool
	asked   int
	skipped []frame.Command
	err     error // of OnOversize
}

func (s *skipper) SkipOversize(*frame.LimitError) bool {
	s.asked++
	return !s.refuses
}

func (s *skipper) OnOversize(f *frame.Frame, err *frame.LimitError) error {
	if f.Header.Text("a") != "b" || err.What != frame.ErrTooManyHeaders {
		return errors.New("not the frame that was sent")
	}
	s.skipped = append(s.skipped, f.Command)
	return s.err
}

const oversize = "MESSAGE\na:b\nc:d\n\nbody\x00\n"

// ofOneHeader is a link that takes one header line a frame.
func ofOneHeader(t *testing.T, h link.Handler) *link.Link {
	ours, theirs := net.Pipe()
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
	})
	return link.New(ours, h, link.Options{Limits: frame.Limits{Headers: 1}})
}

// A frame whose header is above a limit goes to a handler that has it skipped, and counts as one (R3).
func TestOversizeFrameIsHandedOn(t *testing.T) {
	var h skipper
	l := ofOneHeader(t, &h)
	for i := range oversize {
		if _, err := l.Feed([]byte(oversize[i : i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Feed([]byte(oversize + "MESSAGE\n\n\x00")); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); len(h.skipped) != 2 || h.asked != 2 || s.FramesIn != 3 || s.BeatsIn != 0 {
		t.Errorf("%v skipped, asked %d times, %+v", h.skipped, h.asked, s)
	}
}

// An error of the handler closes the link, as one of OnFrame does (R3).
func TestOversizeFrameFailsInTheHandler(t *testing.T) {
	h := skipper{err: errors.New("no more")}
	l := ofOneHeader(t, &h)
	if n, err := l.Feed([]byte(oversize)); err != h.err || n != len(oversize)-1 {
		t.Errorf("%d, %v", n, err)
	}
}

// Whatever does not want it skipped has the error of the limit (R3).
func TestOversizeFrameIsRefused(t *testing.T) {
	for name, h := range map[string]link.Handler{"no skipper": &recorder{}, "refusing": &skipper{refuses: true}} {
		l := ofOneHeader(t, h)
		if _, err := l.Feed([]byte(oversize)); !errors.Is(err, frame.ErrTooManyHeaders) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
