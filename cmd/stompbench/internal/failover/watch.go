package failover

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

func laneOf(name string) int {
	if name == "consumer" {
		return consuming
	}
	return producing
}

func oneLine(err error) string {
	if err == nil {
		return "no reason given"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// event notes that something happened.
func (r *run) event(lane, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eventAt(r.clock.Now(), lane, what)
}

// maxEvents bounds what is kept: a broker that never comes back is tried for ever.
const maxEvents = 10_000

// eventAt is event with mu held. What happens before the start, or after the books
// are closed, is not of interest.
func (r *run) eventAt(now int64, lane, what string) {
	if !r.seen || r.closed || len(r.result.Events) >= maxEvents {
		return
	}
	e := Event{At: time.Duration(now - r.start), Lane: lane, What: what}
	r.result.Events = append(r.result.Events, e)
	select {
	case r.events <- e:
	default: // whoever is told cannot keep up; the result has it
	}
}

func (r *run) connected(c *conn.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	r.eventAt(now, c.Connection, "connected")
	if o := r.open[laneOf(c.Connection)]; o != nil && o.Connected == 0 {
		o.Connected = r.since(o, now)
	}
}

// since is the time since the loss, above 0 in any case, for 0 is never.
func (r *run) since(o *Outage, now int64) time.Duration {
	return max(1, time.Duration(now-r.start)-o.At)
}

func (r *run) lost(c *conn.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen || r.closed {
		return
	}
	now := r.clock.Now()
	cause := oneLine(c.Err)
	r.eventAt(now, c.Connection, "lost: "+cause)
	lane := laneOf(c.Connection)
	if lane == producing {
		r.result.AtRisk = max(r.result.AtRisk, r.result.Sent-r.confirmed.Len()-r.result.Rejected)
	}
	// One that was lost again before it was good is the same outage.
	if r.open[lane] == nil {
		r.open[lane] = &Outage{Lane: c.Connection, At: time.Duration(now - r.start), Cause: cause}
	}
}

// over closes an outage. mu is held.
func (r *run) over(lane int) {
	r.result.Outages = append(r.result.Outages, *r.open[lane])
	r.open[lane] = nil
}

// outcome is told what became of a send.
func (r *run) outcome(o conn.Outcome) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	switch o.Status {
	case conn.Confirmed:
		r.confirmed.Add(o.Seq)
		r.slice(now).Confirmed++
		r.result.Confirm.Record(now - r.sentAt[o.Seq%uint64(len(r.sentAt))])
	case conn.Rejected:
		r.result.Rejected++
		return
	default:
		r.result.Unknown++
		return
	}
	if out := r.open[producing]; out != nil && out.Connected > 0 {
		now = r.clock.Now() // events are in the order of the lock
		out.First = r.since(out, now)
		r.eventAt(now, out.Lane, "first confirmation")
		r.over(producing)
	}
}

// possibleDuplicate is the header of what the client sends again.
const possibleDuplicate = "x-possible-duplicate"

// message is told of each message.
func (r *run) message(_ context.Context, m *conn.Message) {
	now := r.clock.Now()
	r.take(m, now)
	if r.Ack != frame.AckAuto {
		_ = m.Ack() // a connection that is gone cannot take it: the broker delivers again
	}
}

func (r *run) take(m *conn.Message, now int64) {
	var s stamp.Stamp
	err := stamp.Read(m.Body, &s)
	again := m.Header.Get(possibleDuplicate)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return
	case errors.Is(err, stamp.ErrCorrupt):
		r.result.Corrupt++
		return
	case err != nil || s.Run != r.id || s.Sequence == 0:
		r.result.Foreign++
		return
	}
	r.slice(now).Received++
	switch {
	case r.received.Add(s.Sequence):
		r.result.FromDue.Record(now - s.Due)
	case m.Redelivered() || len(again) > 0:
		r.result.Repeated++
	default:
		r.result.Duplicated++
	}
	r.resumed(now - s.Due)
}

// resumed notes how far a consumer's outage is over, with a message that came late by
// so much. mu is held.
func (r *run) resumed(late int64) {
	out := r.open[consuming]
	if out == nil || out.Connected == 0 {
		return
	}
	now := r.clock.Now() // events are in the order of the lock
	if out.First == 0 {
		out.First = r.since(out, now)
		r.eventAt(now, out.Lane, "first message")
	}
	// While the producer is not back, that it is on time would say little.
	if late <= int64(OnTimeWithin) && r.open[producing] == nil {
		out.OnTime = r.since(out, now)
		r.eventAt(now, out.Lane, "messages are on time again")
		r.over(consuming)
	}
}
