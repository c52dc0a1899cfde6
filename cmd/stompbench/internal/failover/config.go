package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Config says what a drill does.
type Config struct {
	// New makes the client, which stays connected, from this configuration and its own settings.
	New         func(cfg *conn.Config) (*conn.Client, error)
	PublishTo   string
	ConsumeFrom string
	// Fields returns the headers of each message, and those of the subscription, for the broker
	// that answered first. nil for none.
	Fields func(d dialect.Dialect) (send, subscribe []frame.Field)
	// Append appends headers that differ from message to message; n is the number of the message.
	// nil for none.
	Append func(h []frame.Field, n uint64) []frame.Field
	Ack    frame.AckMode // client or client-individual; with auto, messages under way to the consumer would be lost

	Rate     float64       // messages a second
	Duration time.Duration // of sending
	Size     int           // of a body, at least stamp.Size
	Window   int           // sends without outcome

	// Restart stops the broker and starts it again, RestartAfter the start. nil if something else
	// does.
	Restart      func(ctx context.Context) error
	RestartAfter time.Duration

	ConnectTimeout time.Duration // for the first connection
	// DrainTimeout is how long nothing may come at the end before missing messages count as lost.
	DrainTimeout time.Duration

	// OnEvent is called for each event, one at a time, on a goroutine of its own. May be nil.
	OnEvent func(Event)
}

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

// Slice is the counts of one time slice.
type Slice struct {
	Sent      uint32 `json:"sent"`
	Confirmed uint32 `json:"confirmed"`
	Received  uint32 `json:"received"`
}

// SliceLength is how long a slice is.
const SliceLength = 100 * time.Millisecond

// Result is the result of a drill.
type Result struct {
	Server, Version string
	Interrupted     bool
	Failure         error // why it could not go on; nil if it could
	RestartFailure  error // the error of Restart, nil if none

	Sent, Confirmed, Rejected, Unknown uint64
	Unsent                             uint64 // due and not sent
	Received                           uint64
	Lost, ConfirmedLost                uint64
	Repeated                           uint64 // marked as possibly repeated
	Duplicated                         uint64 // repeated without a mark
	Corrupt, Foreign                   uint64
	// AtRisk is the largest number of messages that were sent and not confirmed when a connection
	// was lost.
	AtRisk uint64

	Sending          time.Duration
	Events           []Event
	Outages          []Outage
	Slices           []Slice
	FromDue, Confirm *histo.Histogram
}
