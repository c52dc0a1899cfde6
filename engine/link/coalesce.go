package link

import "time"

// coalesce returns when CoalesceReads have passed since it last returned: at once,
// that is, unless the peer keeps the link busy. It is called after each read, when
// what that brought has been handled.
//
// Each link keeps its own time, and still a loop that reads many pauses for them
// together: while it pauses for one, the times of the others run.
func (l *Link) coalesce() {
	if l.opts.CoalesceReads <= 0 {
		return
	}
	if early := l.opts.CoalesceReads - time.Duration(l.now()-l.coalesced); early > 0 && l.coalesced > 0 {
		time.Sleep(early)
	}
	l.coalesced = l.now()
}
