package broker

import (
	"sync"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// Rate is how much is accepted per second. A faster sender is not read for a while, so that TCP
// slows it down; nothing is dropped. What was not used of a tenth of a second may be sent at once.
// 0 is no bound.
type Rate struct {
	Frames int
	Bytes  int // of headers and bodies
}

// pace enforces a rate: of one session, or of all sessions of a user together. nil enforces none.
type pace struct {
	rate Rate

	mu     sync.Mutex
	frames time.Time // until when the frames sent so far use the rate up
	octets time.Time
}

const (
	burst    = 100 * time.Millisecond
	minPause = 5 * time.Millisecond // shorter pauses are saved up
)

func newPace(r Rate) *pace {
	if r == (Rate{}) {
		return nil
	}
	return &pace{rate: r}
}

// take counts a frame of size bytes and returns how long to wait before the next.
func (p *pace) take(now time.Time, size int) time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(spend(&p.frames, now, 1, p.rate.Frames), spend(&p.octets, now, size, p.rate.Bytes))
}

// spend adds the time that n takes at a rate to until, and returns how far until is ahead of now.
func spend(until *time.Time, now time.Time, n, rate int) time.Duration {
	if rate == 0 {
		return 0
	}
	if earliest := now.Add(-burst); until.Before(earliest) {
		*until = earliest
	}
	*until = until.Add(time.Duration(int64(n) * int64(time.Second) / int64(rate)))
	return until.Sub(now)
}

// slowDown stops reading a session that is ahead of its rate, or of its user's.
func (s *session) slowDown(f *frame.Frame) {
	now, size := time.Now(), sizeOf(f)
	wait := s.pace.take(now, size)
	if s.user != nil {
		wait = max(wait, s.user.pace.take(now, size))
	}
	if wait < minPause {
		return
	}
	s.setRated(true)
	if s.wait == nil {
		s.wait = time.AfterFunc(wait, func() { s.setRated(false) })
		return
	}
	s.wait.Reset(wait)
}

func sizeOf(f *frame.Frame) int {
	size := len(f.Body)
	for i := range f.Header.Len() {
		name, value := f.Header.At(i)
		size += len(name) + len(value)
	}
	return size
}
