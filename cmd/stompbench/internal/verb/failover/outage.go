package failover

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// Event is something that happened.
type Event struct {
	At   time.Duration `json:"at_ns"` // since the first message was due
	Lane string        `json:"lane,omitempty"`
	What string        `json:"what"`
}

// Outage is the loss of one connection, up to its recovery. Times are since the loss; 0 is never.
type Outage struct {
	Lane      string        `json:"lane"` // "producer 1" or "consumer"
	At        time.Duration `json:"at_ns"`
	Cause     string        `json:"cause"`
	Connected time.Duration `json:"to_connection_ns"`
	// First is the time to the first confirmation of a producer, or to the first message of a
	// consumer.
	First time.Duration `json:"to_first_ns"`
	// OnTime is the time to the first message that was consumed within OnTimeWithin of when it was
	// due; for a consumer only.
	OnTime time.Duration `json:"to_on_time_ns"`
}

// OnTimeWithin is how late, after it was due, a message may be consumed to be on time.
const OnTimeWithin = 50 * time.Millisecond

// The client's names for its connections.
const (
	producer = "producer 1"
	consumer = "consumer"
)

func because(err error) string {
	if err == nil {
		return "no reason given"
	}
	return verb.OneLine(err.Error())
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
	if !r.seen || r.closed || len(r.report.Events) >= maxEvents {
		return
	}
	e := Event{At: time.Duration(now - r.start), Lane: lane, What: what}
	r.report.Events = append(r.report.Events, e)
	select {
	case r.events <- e:
	default: // OnEvent cannot keep up; the event is in the report
	}
}

// trace handles the events of the client's connections.
func (r *run) trace(e *conn.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	switch o := r.open[e.Connection]; e.Kind {
	case conn.EventConnected:
		r.eventAt(now, e.Connection, "connected")
		if o != nil && o.Connected == 0 {
			o.Connected = r.since(o, now)
		}
	case conn.EventRetry:
		r.eventAt(now, e.Connection, fmt.Sprintf("next try in %s: %s", e.Pause.Round(time.Millisecond), because(e.Err)))
	case conn.EventDisconnected:
		if !r.seen || r.closed {
			return
		}
		r.eventAt(now, e.Connection, "lost: "+because(e.Err))
		if e.Connection == producer {
			r.report.AtRisk = max(r.report.AtRisk, min(r.outstanding(), uint64(r.Window))) // one more may wait for its place
		}
		if o == nil { // otherwise it was lost again before it had recovered
			r.open[e.Connection] = &Outage{Lane: e.Connection, At: time.Duration(now - r.start), Cause: because(e.Err)}
		}
	}
}

// since returns the time since the loss. It is always above 0, because 0 means never.
func (r *run) since(o *Outage, now int64) time.Duration {
	return max(1, time.Duration(now-r.start)-o.At)
}

// over closes an outage. mu is held.
func (r *run) over(lane string) {
	r.report.Outages = append(r.report.Outages, *r.open[lane])
	r.open[lane] = nil
}

// confirmedAgain records the recovery of the producer. mu is held.
func (r *run) confirmedAgain() {
	if o := r.open[producer]; o != nil && o.Connected > 0 {
		now := r.clock.Now() // read with mu held, so that events are in order
		o.First = r.since(o, now)
		r.eventAt(now, o.Lane, "first confirmation")
		r.over(producer)
	}
}

// receivedAgain records the recovery of the consumer, with a message that came this late after it was
// due. mu is held.
func (r *run) receivedAgain(late time.Duration) {
	o := r.open[consumer]
	if o == nil || o.Connected == 0 {
		return
	}
	now := r.clock.Now() // read with mu held, so that events are in order
	if o.First == 0 {
		o.First = r.since(o, now)
		r.eventAt(now, o.Lane, "first message")
	}
	// While the producer has not recovered, messages on time would say little.
	if late <= OnTimeWithin && r.open[producer] == nil {
		o.OnTime = r.since(o, now)
		r.eventAt(now, o.Lane, "messages are on time again")
		r.over(consumer)
	}
}
