package link

import (
	"errors"

	"github.com/stompwire/stompwire/frame"
)

// Feed hands the next bytes from the peer to the handler as frames. It is for
// drivers, on the reading goroutine. chunk is borrowed: the link keeps a copy of
// an unfinished frame, and only of that.
//
// ErrPaused means that the handler paused the link after the frame that ended at
// chunk[n]; the driver keeps chunk[n:], stops reading, and goes on when
// [Link.WaitResumed] says so. Any other error has closed the link: the driver then
// calls End.
func (l *Link) Feed(chunk []byte) (n int, err error) {
	l.feeding.Store(true)
	l.lastRead.Store(l.now())
	l.bytesIn.Add(uint64(len(chunk) - l.counted))
	l.counted = 0
	n, err = l.feed(chunk)
	l.framesIn.Store(l.frames)
	if l.reader != nil {
		l.reader.OnRead()
	}
	if beats := l.stream.HeartBeats(); beats != l.beatsIn.Load() {
		l.beatsIn.Store(beats)
		if l.beater != nil {
			l.beater.OnHeartBeat()
		}
	}
	if errors.Is(err, ErrPaused) {
		l.counted = len(chunk) - n
		return n, ErrPaused // still "feeding": it is not the peer who is silent
	}
	l.lastRead.Store(l.now()) // the handler may have taken long
	l.watchUnfinished()
	l.feeding.Store(false)
	if err == nil || l.refuse(err) {
		if l.quickAck != nil {
			l.quickAck.read()
		}
		l.coalesce()
		return len(chunk), nil
	}
	l.Close(err)
	return n, err
}

// refuse gives the handler a chance to answer broken bytes, and reports whether it
// has: then the link is closing and what still comes is dropped.
func (l *Link) refuse(err error) bool {
	if l.refuser == nil || !errors.Is(err, frame.ErrProtocol) {
		return false
	}
	l.refuser.OnRefuse(err)
	return l.quit.Load()
}

// maxUnheard is how many bytes of a peer are read and dropped after our last words.
const maxUnheard = 1 << 20

func (l *Link) feed(chunk []byte) (int, error) {
	if l.quit.Load() {
		// Nobody is interested any more. The peer may finish, so that our last
		// words are not lost in a reset, but not go on for ever. What comes
		// before they are written does not count: the flusher may be late, and a
		// peer that does not read them has WriteTimeout.
		if l.saidAll.Load() {
			l.unheard += len(chunk)
		}
		if l.unheard > maxUnheard {
			l.cutOff()
		}
		return len(chunk), nil
	}
	l.stream.BodyThreshold = int(l.threshold.Load())
	return l.stream.Feed(chunk, (*frames)(l))
}

// frames is the Link as the parser's handler, so that OnFrame is not exported.
type frames Link

func (fr *frames) OnFrame(f *frame.Frame) error {
	l := (*Link)(fr)
	if l.quit.Load() {
		return nil // closed by the handler of a frame of the same chunk
	}
	l.frames++
	if err := l.h.OnFrame(f); err != nil {
		return err
	}
	if l.paused.Load() {
		return ErrPaused
	}
	return nil
}

// Pause, called in OnFrame, makes that frame the last one until [Link.Resume]: the
// link is not read, and the peer feels TCP back-pressure. Writing and heart-beats
// go on. It costs a driver that shares its loop some work, so use it at a limit,
// not per frame.
func (l *Link) Pause() { l.paused.Store(true) }

// Resume undoes Pause. Frames that had been read come first.
func (l *Link) Resume() {
	l.paused.Store(false)
	select {
	case l.resume <- struct{}{}:
	default:
	}
}

// WaitResumed waits until a paused link is resumed and returns false if it is
// closed instead, which it is when the peer resets the connection meanwhile. It is
// for drivers.
func (l *Link) WaitResumed() bool {
	if !l.paused.Load() {
		return true
	}
	look := l.watchGone()
	if look != nil {
		defer l.goneTimer.Stop()
	}
	for l.paused.Load() {
		select {
		case <-l.resume:
		case <-l.done:
			return false
		case <-look:
			if err := l.gone(); err != nil {
				l.Close(err)
				return false
			}
			l.goneTimer.Reset(gonePeriod)
		}
	}
	return true
}
