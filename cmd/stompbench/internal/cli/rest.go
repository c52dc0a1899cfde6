package cli

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// quietFor is how long nothing may come before a queue counts as empty.
const quietFor = 300 * time.Millisecond

// drainRest empties what a step that went wrong left in the queues, of each broker, so
// that the next one does not find it there. It takes as long as messages come, and a
// minute at most.
func drainRest(ctx context.Context, p *workload.Plan) error {
	if p.Consumers == 0 || p.Delivery != workload.Shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for i := range p.Broker {
		if err := drainFrom(ctx, p, p.Broker[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func drainFrom(ctx context.Context, p *workload.Plan, broker []conn.Address) error {
	c, err := reach(ctx, p, 0, broker, &conn.Config{})
	if err != nil {
		return &load.SetupError{Doing: "connect", Err: err}
	}
	defer c.Close()
	var n atomic.Uint64
	count := func(context.Context, *conn.Message) { n.Add(1) }
	for i := range p.ConsumeTargets() {
		if _, err := c.Subscribe(ctx, p.ConsumeName(i), count, conn.SubscribeOptions{}); err != nil {
			return &load.SetupError{Doing: "subscribe to " + p.ConsumeName(i), Err: err}
		}
	}
	tick := time.NewTicker(quietFor)
	defer tick.Stop()
	for last := uint64(0); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil // what is left shows as foreign
		}
		now := n.Load()
		if now == last {
			return c.Disconnect(ctx)
		}
		last = now
	}
}
