package failover

import (
	"context"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Config says what a drill does. Of the plan it uses destinations, headers, ack mode, rate, duration,
// size, window and timeouts. With ack mode auto, messages under way to the consumer would be lost.
type Config struct {
	*workload.Plan
	// New makes the client, which stays connected, from this configuration and its own settings.
	New func(cfg *conn.Config) (*conn.Client, error)
	// Restart stops the broker and starts it again, RestartAfter the start. nil if something else
	// does.
	Restart      func(ctx context.Context) error
	RestartAfter time.Duration
	// OnEvent is called for each event, one at a time, on a goroutine of its own. May be nil.
	OnEvent func(Event)
}
