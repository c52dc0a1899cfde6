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

// event records an event.
func (r *run) event(lane, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eventAt(r.clock.Now(), lane, what)
}

// maxEvents bounds the recorded events: if a broker never comes back, the client retries for ever.
const maxEvents = 10_000

// eventAt is event with mu held. Events before the start, or after the books are closed, are
// ignored.
func (r *run) eventAt(now int64, lane, what string) {
	if !r.seen || r.closed || len(r.result.Events) >= maxEvents {
		return
	}
	e := Event{At: time.Duration(now - r.start), Lane: lane, What: what}
	r.result.Events = append(r.result.Events, e)
	select {
	case r.events <- e:
	default: // OnEvent cannot keep up; the event is in the result
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

// since returns the time since the loss. It is always above 0, because 0 means never.
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
	// A connection that was lost again before it had recovered is in the same outage.
	if r.open[lane] == nil {
		r.open[lane] = &Outage{Lane: c.Connection, At: time.Duration(now - r.start), Cause: cause}
	}
}

// over closes an outage. mu is held.
func (r *run) over(lane int) {
	r.result.Outages = append(r.result.Outages, *r.open[lane])
	r.open[lane] = nil
}

// outcome handles the outcome of a send.
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
		now = r.clock.Now() // read with mu held, so that events are in order
		out.First = r.since(out, now)
		r.eventAt(now, out.Lane, "first confirmation")
		r.over(producing)
	}
}

// possibleDuplicate is the header of what the client sends again.
const possibleDuplicate = "x-possible-duplicate"

// message handles one message.
func (r *run) message(_ context.Context, m *conn.Message) {
	now := r.clock.Now()
	r.take(m, now)
	if r.Ack != frame.AckAuto {
		_ = m.Ack() // if the connection is gone, the broker delivers the message again
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

// resumed records the recovery of a consumer, with a message that was consumed late by this many
// nanoseconds. mu is held.
func (r *run) resumed(late int64) {
	out := r.open[consuming]
	if out == nil || out.Connected == 0 {
		return
	}
	now := r.clock.Now() // read with mu held, so that events are in order
	if out.First == 0 {
		out.First = r.since(out, now)
		r.eventAt(now, out.Lane, "first message")
	}
	// While the producer has not recovered, messages on time would say little.
	if late <= int64(OnTimeWithin) && r.open[producing] == nil {
		out.OnTime = r.since(out, now)
		r.eventAt(now, out.Lane, "messages are on time again")
		r.over(consuming)
	}
}
