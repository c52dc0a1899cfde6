package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
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
