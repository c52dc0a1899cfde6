package failover

import (
	"fmt"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
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
	// First is the time to the first confirmation of a producer, or to the first message of a consumer.
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

// Slice is the counts of one time slice.
type Slice struct {
	Sent      uint32 `json:"sent"`
	Confirmed uint32 `json:"confirmed"`
	Received  uint32 `json:"received"`
}

// SliceLength is how long a slice is.
const SliceLength = 100 * time.Millisecond

// slice returns the slice at a time. mu is held. The last slice holds everything after a day.
func (d *drill) slice(now int64) *Slice {
	const most = int(24 * time.Hour / SliceLength)
	i := min(max(0, int((now-d.start)/int64(SliceLength))), most)
	for len(d.report.Slices) <= i {
		d.report.Slices = append(d.report.Slices, Slice{})
	}
	return &d.report.Slices[i]
}

// sends records that a message is handed to the client, which keeps it back while it is not connected.
func (d *drill) sends() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.outstanding <= 0 {
		d.silent = d.clock.Now()
	}
	d.sending = true
}

// sent records that a message was sent, or could not be. Its outcome may have come already.
func (d *drill) sent(ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Now()
	if ok {
		d.outstanding++
		d.slice(now).Sent++
	} else if d.running {
		d.noteSilence(now)
	}
	d.sending = false
}

// outcome records the outcome of a message, and the recovery of the producer.
func (d *drill) outcome(x conn.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		return
	}
	now := d.clock.Now() // read with mu held, so that events are in order
	d.noteSilence(now)
	d.outstanding--
	if x.Status != conn.Confirmed {
		return
	}
	d.slice(now).Confirmed++
	if o := d.open[producer]; o != nil && o.Connected > 0 {
		d.reach(o, &o.First, now, "first confirmation")
		delete(d.open, producer)
	}
}

// noteSilence records how long there was no outcome of outstanding messages, or of one that the client
// keeps back. mu is held.
func (d *drill) noteSilence(now int64) {
	if d.outstanding <= 0 && !d.sending {
		return
	}
	if silence := time.Duration(now - d.silent); silence > d.report.Silence {
		d.report.Silence, d.report.SilenceAt = silence, time.Duration(d.silent-d.start)
	}
	d.silent = now
}

// received records a message that came, and the recovery of the consumer.
func (d *drill) received(s *stamp.Stamp) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running || s.Run != d.id {
		return
	}
	now := d.clock.Now()
	d.slice(now).Received++
	o := d.open[consumer]
	if o == nil || o.Connected == 0 {
		return
	}
	if o.First == 0 {
		d.reach(o, &o.First, now, "first message")
	}
	// While the producer has not recovered, messages on time would say little.
	if time.Duration(now-s.Due) <= OnTimeWithin && d.open[producer] == nil {
		d.reach(o, &o.OnTime, now, "messages are on time again")
		delete(d.open, consumer)
	}
}

// reach records that an outage has come so far. mu is held.
func (d *drill) reach(o *Outage, since *time.Duration, now int64, what string) {
	if *since == 0 {
		*since = max(1, time.Duration(now-d.start)-o.At) // 0 would be never
	}
	d.eventAt(now, o.Lane, what)
}

// event records an event.
func (d *drill) event(lane, what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.eventAt(d.clock.Now(), lane, what)
}

// maxEvents bounds the recorded events: if a broker never comes back, the client retries for ever.
const maxEvents = 10_000

// eventAt is event with mu held.
func (d *drill) eventAt(now int64, lane, what string) {
	if !d.running || len(d.report.Events) >= maxEvents {
		return
	}
	e := Event{At: time.Duration(now - d.start), Lane: lane, What: what}
	d.report.Events = append(d.report.Events, e)
	select {
	case d.events <- e:
	default: // OnEvent cannot keep up; the event is in the report
	}
}

// trace handles the events of the client's connections.
func (d *drill) trace(e *conn.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		return
	}
	because := "no reason given"
	if e.Err != nil {
		because = verb.OneLine(e.Err.Error())
	}
	now := d.clock.Now()
	switch o := d.open[e.Connection]; e.Kind {
	case conn.EventConnected:
		if o != nil { // otherwise it is the first connection
			d.reach(o, &o.Connected, now, "connected")
		}
	case conn.EventRetry:
		d.eventAt(now, e.Connection, fmt.Sprintf("next try in %s: %s", e.Pause.Round(time.Millisecond), because))
	case conn.EventDisconnected:
		d.eventAt(now, e.Connection, "lost: "+because)
		if e.Connection == producer {
			d.report.AtRisk = max(d.report.AtRisk, uint64(max(0, d.outstanding)))
		}
		if o == nil { // otherwise it was lost again before it had recovered
			o = &Outage{Lane: e.Connection, At: time.Duration(now - d.start), Cause: because}
			d.open[e.Connection] = o
			d.report.Outages = append(d.report.Outages, o)
		}
	}
}
