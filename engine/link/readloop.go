package link

import (
	"errors"
	"os"
	"time"

	"github.com/stompwire/stompwire/pool"
)

// A reader starts with a small buffer and moves to larger ones while reads fill them, so that a
// thousand quiet connections do not cost 64 MiB.
const (
	firstRead = 4 << 10
	maxRead   = 64 << 10
)

// ReadLoop reads the link on the calling goroutine until it closes, and returns why. It first feeds
// held, bytes that were read before (nil for none), and takes ownership of that buffer. With idle >
// 0 it returns ErrIdle when nothing has come for about that time; then the link may be read in
// another way. It is for drivers, which call End with any other error.
func (l *Link) ReadLoop(held *pool.Buffer, idle time.Duration) error {
	if held != nil {
		if err := l.feedHeld(held); err != nil {
			return err
		}
	}
	buf := pool.Get(firstRead)
	defer func() { buf.Release() }()
	for {
		if idle > 0 {
			_ = l.nc.SetReadDeadline(time.Now().Add(idle))
		}
		space := buf.B[:cap(buf.B)]
		n, err := l.nc.Read(space)
		if n > 0 {
			if err := l.feedAll(space[:n]); err != nil {
				return err
			}
		}
		switch {
		case idle > 0 && errors.Is(err, os.ErrDeadlineExceeded):
			_ = l.nc.SetReadDeadline(time.Time{})
			return ErrIdle
		case err != nil:
			return err
		case n == len(space) && n < maxRead:
			buf.Release()
			buf = pool.Get(4 * n)
		}
	}
}

func (l *Link) feedHeld(held *pool.Buffer) error {
	defer held.Release()
	return l.feedAll(held.B)
}

// feedAll feeds chunk and waits out every pause of the handler on the way.
func (l *Link) feedAll(chunk []byte) error {
	for {
		n, err := l.Feed(chunk)
		if err != ErrPaused {
			return err
		}
		if !l.WaitResumed() {
			return l.Err()
		}
		chunk = chunk[n:]
		// An empty rest is fed, too: Feed ends the pause.
	}
}
