package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
)

// Config says what to do.
type Config struct {
	// New makes the client, which stays connected, with this and what else is to be
	// configured.
	New         func(cfg *conn.Config) (*conn.Client, error)
	PublishTo   string
	ConsumeFrom string
	// Fields returns the headers of each message, and those of the subscription, for
	// the broker that answered first. nil for none.
	Fields func(d dialect.Dialect) (send, subscribe []frame.Field)
	// Append appends headers that differ from one message to the next, which is number
	// n. nil for none.
	Append func(h []frame.Field, n uint64) []frame.Field
	Ack    frame.AckMode // client or client-individual, or what is under way to the consumer is lost

	Rate     float64       // messages a second
	Duration time.Duration // of sending
	Size     int           // of a body, at least stamp.Size
	Window   int           // sends without outcome

	// Restart takes the broker away and brings it back, RestartAfter the start. nil
	// if somebody else does.
	Restart      func(ctx context.Context) error
	RestartAfter time.Duration

	ConnectTimeout time.Duration // for the first connection
	// DrainTimeout is how long there may be silence at the end before what has
	// not come counts as lost.
	DrainTimeout time.Duration

	// OnEvent is called for each event, one at a time, on a goroutine of its own.
	// May be nil.
	OnEvent func(Event)
}

// Event is something that happened.
type Event struct {
	At   time.Duration `json:"at_ns"` // since the first message was due
	Lane string        `json:"lane,omitempty"`
	What string        `json:"what"`
}

// Outage is the loss of one connection, up to when it was made good. Times are
// since the loss; 0 is never.
type Outage struct {
	Lane      string        `json:"lane"` // "producer 1" or "consumer"
	At        time.Duration `json:"at_ns"`
	Cause     string        `json:"cause"`
	Connected time.Duration `json:"to_connection_ns"`
	// First is to the first confirmation of a producer, to the first message of a
	// consumer.
	First time.Duration `json:"to_first_ns"`
	// OnTime is to the first message that was consumed within OnTimeWithin of
	// when it was due; of a consumer only.
	OnTime time.Duration `json:"to_on_time_ns"`
}

// OnTimeWithin is how soon after it was due a message comes that is on time.
const OnTimeWithin = 50 * time.Millisecond

// Slice is what happened in a stretch of time.
type Slice struct {
	Sent      uint32 `json:"sent"`
	Confirmed uint32 `json:"confirmed"`
	Received  uint32 `json:"received"`
}

// SliceLength is how long a slice is.
const SliceLength = 100 * time.Millisecond

// Result is what came of it.
type Result struct {
	Server, Version string
	Interrupted     bool
	Failure         error // why it could not go on, nil if it could
	RestartFailure  error // what Restart said, nil if all is well

	Sent, Confirmed, Rejected, Unknown uint64
	Unsent                             uint64 // due and not sent
	Received                           uint64
	Lost, ConfirmedLost                uint64
	Repeated                           uint64 // with notice
	Duplicated                         uint64 // without
	Corrupt, Foreign                   uint64
	// AtRisk is how many messages had been sent and not confirmed when a connection
	// was lost, at most.
	AtRisk uint64

	Sending          time.Duration
	Events           []Event
	Outages          []Outage
	Slices           []Slice
	FromDue, Confirm *histo.Histogram
}
