package verb

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

const (
	// look is the interval at which Drain checks for progress.
	look = 50 * time.Millisecond
	// silent is how long nothing must come from queues for them to count as empty. Unacknowledged
	// messages of a session that was cut off go back into them, which may take a busy broker a
	// while.
	silent = time.Second
	// atOnce is how many queues are drained at a time, because brokers bound the subscriptions of a
	// connection.
	atOnce = 500
)

// Drain drains the messages that a failed step left in the queues of each broker, so that the
// next step does not receive them. It takes as long as messages come, and at most a minute.
func Drain(ctx context.Context, p *workload.Plan) error {
	if p.Consumers == 0 || p.Delivery != workload.Shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for i := range p.Broker {
		for first := 0; first < p.ConsumeTargets(); first += atOnce {
			if err := drainFrom(ctx, p, p.Broker.At(i), first); err != nil {
				return err
			}
		}
	}
	return nil
}

// drainFrom drains the queues from number first on.
func drainFrom(ctx context.Context, p *workload.Plan, broker uri.Brokers, first int) error {
	c, err := transport.Reach(ctx, p, 0, broker, &conn.Config{})
	if err != nil {
		return &load.SetupError{Doing: "connect", Err: err}
	}
	defer c.Close()
	var n atomic.Uint64
	count := func(context.Context, *conn.Message) { n.Add(1) }
	for i := first; i < min(first+atOnce, p.ConsumeTargets()); i++ {
		if _, err := c.Subscribe(ctx, p.ConsumeName(i), count, conn.SubscribeOptions{}); err != nil {
			return &load.SetupError{Doing: "subscribe to " + p.ConsumeName(i), Err: err}
		}
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var silence pause.Silence // it does not grow while this process is stopped
	for last := uint64(0); ; {
		now := n.Load()
		if silence.Look(now != last) >= silent {
			break
		}
		last = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil // what is left counts as foreign
		}
	}
	return c.Disconnect(ctx)
}
