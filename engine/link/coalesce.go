package link

import "time"

// coalesce sleeps until Options.CoalesceReads have passed since it last returned. On a link that is
// not busy that time is over, and it returns at once. It is called after each read, when the frames
// of that read have been handled.
//
// Each link has its own clock. A loop that reads many links still pauses for all of them together:
// while it sleeps for one, the intervals of the others elapse.
func (l *Link) coalesce() {
	if l.opts.CoalesceReads <= 0 {
		return
	}
	if early := l.opts.CoalesceReads - time.Duration(l.now()-l.coalesced); early > 0 && l.coalesced > 0 {
		time.Sleep(early)
	}
	l.coalesced = l.now()
}
