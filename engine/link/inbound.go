package link

import (
	"errors"

	"github.com/stompwire/stompwire/frame"
)

// Feed parses the next bytes from the peer and hands the frames to the handler. It is for drivers,
// on the reading goroutine. chunk is borrowed; the link copies only an unfinished frame.
//
// ErrPaused means that the handler paused the link after the frame that ended at chunk[n]. The
// driver keeps chunk[n:], stops reading, and continues when [Link.WaitResumed] returns true. After
// any other error the link is closed, and the driver calls End.
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
		return n, ErrPaused // still "feeding": the peer's silence does not count
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

// refuse lets the handler answer bytes that break the protocol and reports whether it has. Then the
// link is closing, and what still arrives is dropped.
func (l *Link) refuse(err error) bool {
	if l.refuser == nil || !errors.Is(err, frame.ErrProtocol) {
		return false
	}
	l.refuser.OnRefuse(err)
	return l.quit.Load()
}

// maxUnheard is how many bytes are read and dropped after our FIN.
const maxUnheard = 1 << 20

func (l *Link) feed(chunk []byte) (int, error) {
	if l.quit.Load() {
		// The link is closing and drops what it reads: closing with unread bytes would reset the
		// connection and could destroy our last frame. Only bytes after our FIN count, because the
		// flusher may be late; until then WriteTimeout bounds a peer that does not read.
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
		return nil // an earlier frame's handler has closed the link
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

// Pause, called in OnFrame, makes that frame the last one until [Link.Resume]. The link is not read
// meanwhile, which the peer sees as TCP back-pressure. Writing and heart-beats go on. A driver on
// shared loops has to move the link for it, so call Pause at a limit and not per frame.
func (l *Link) Pause() { l.paused.Store(true) }

// Resume undoes Pause. Frames that had been read already are handled first.
func (l *Link) Resume() {
	l.paused.Store(false)
	select {
	case l.resume <- struct{}{}:
	default:
	}
}

// WaitResumed waits until a paused link is resumed and returns true, or returns false once the link
// is closed. The link also closes if the peer resets the connection meanwhile. It is for drivers.
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
