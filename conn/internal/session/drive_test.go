package session

import (
	"strings"
	"time"
)

// pass lets time pass, from one deadline to the next.
func (w *world) pass(d time.Duration) {
	target := w.now + d
	for {
		next, ok := w.c.NextTick()
		if !ok || next > target {
			break
		}
		w.now = max(w.now, next)
		w.settleDown()
		if w.lazy && len(w.fault) > 0 {
			return
		}
	}
	w.now = target
	if len(w.said) == 0 {
		w.began = target
	}
	w.settleDown()
}

const maxTicks = 1000

// tick calls Tick until nothing is due at this moment.
func (w *world) tick() {
	for n := 0; ; n++ {
		next, ok := w.c.NextTick()
		if !ok || next > w.now {
			return
		}
		if n > maxTicks {
			w.faultf("something is due again and again at %v", w.now)
			return
		}
		w.c.Tick(w.now)
		w.drain()
	}
}

// settleDown carries out effects until there are none, with what waits.
func (w *world) settleDown() {
	for n := 0; ; n++ {
		w.drain()
		w.tick()
		if len(w.closes) > 0 {
			end := w.closes[0]
			w.closes = w.closes[1:]
			w.lose(end, end.cause)
			continue
		}
		if !w.retry() && !w.c.Pending() {
			return
		}
		if n > maxTicks {
			w.faultf("effects without end at %v", w.now)
			return
		}
	}
}

// retry has what waits try again.
func (w *world) retry() (some bool) {
	all := w.waiting
	w.waiting = nil
	for _, try := range all {
		if try() {
			some = true
		} else {
			w.waiting = append(w.waiting, try)
		}
	}
	return some
}

// lose ends a connection. cause is what its stream has ended with.
func (w *world) lose(end *wireEnd, cause error) {
	if end.gone {
		return
	}
	end.gone, end.open = true, false
	w.c.Lost(end.conn, w.c.CauseOf(end.conn, cause, w.now), uint64(end.written), w.now)
	w.drain()
}

// write puts a frame on a connection and returns its offset.
func (w *world) write(end *wireEnd, frame string) {
	if end.gone && !w.wasLazy {
		w.faultf("a frame for %s, which is gone: %s", end.name, frame)
	}
	if end.closed || end.gone {
		return
	}
	frame = w.alias(frame)
	if end.frames++; end.stalled {
		frame += " (not written)"
	} else {
		end.written = end.frames
	}
	w.say("%s > %s", end.name, frame)
	if _, after, found := strings.Cut(frame, " receipt:"); found {
		name, _, _ := strings.Cut(after, " ")
		end.asked = append(end.asked, name)
	}
}
