package verb

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/conn"
)

// Embed starts a broker in this process if the plan has none, and sets it in the plan. Otherwise
// own is nil. Close it with CloseOwn, which accepts nil.
func Embed(ctx context.Context, p *workload.Plan) (own *broker.Broker, err error) {
	if !p.Embedded || len(p.Broker) > 0 {
		return nil, nil
	}
	if own, err = StartBroker(ctx, "127.0.0.1:0"); err != nil {
		return nil, &load.SetupError{Doing: "start the embedded broker", Err: err}
	}
	p.Broker, err = uri.Parse(own.URI())
	return own, err
}

// CloseOwn closes what Embed returned.
func CloseOwn(own *broker.Broker) {
	if own != nil {
		_ = own.Close()
	}
}

// StartBroker starts a broker in this process, in the world of ctx.
func StartBroker(ctx context.Context, addr string) (*broker.Broker, error) {
	b, err := broker.New(ForLoad())
	if err != nil {
		return nil, err
	}
	ln, err := world.Listen(ctx, addr)
	if err == nil {
		_, err = b.ListenOn(ln)
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// ForLoad configures a broker for the largest load that a plan may have, all of it from one
// connection if the plan says so.
func ForLoad() broker.Config {
	return broker.Config{
		MaxConnections:               2 * workload.MaxWorkers,
		MaxDestinations:              workload.MaxDestinations,
		MaxDestinationsPerConnection: workload.MaxDestinations,
		MaxSubscriptions:             workload.MaxDestinations,
		Limits:                       workload.ExtraLimits(workload.MaxHeaders, workload.MaxHeaderSize),
		TransactionBytes:             8 * workload.MaxSize,
	}
}

// Run carries out a plan with connections of its own.
func Run(ctx context.Context, o load.Options) (*load.Result, error) {
	dialer, err := transport.NewSTOMP(ctx, o.Plan)
	if err != nil {
		return nil, &load.SetupError{Doing: "start an event loop", Err: err}
	}
	defer dialer.Close()
	o.Dialer = dialer
	return load.Run(ctx, o)
}

// Of Drain: the interval at which it checks for progress; how long nothing must come from queues for
// them to count as empty, since unacknowledged messages of a session that was cut off go back into
// them, which may take a busy broker a while; and how many queues it drains at a time, because
// brokers bound the subscriptions of a connection.
const (
	look   = 50 * time.Millisecond
	silent = time.Second
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
		for first := 0; first < p.ConsumeTargets().Len(); first += atOnce {
			if err := drainFrom(ctx, p, p.Broker.At(i), first); err != nil {
				return err
			}
		}
	}
	return nil
}

// drainFrom drains the queues from number first on.
func drainFrom(ctx context.Context, p *workload.Plan, broker uri.Brokers, first int) error {
	c, err := transport.Reach(ctx, p, 0, broker, conn.Config{})
	if err != nil {
		return &load.SetupError{Doing: "connect", Err: err}
	}
	defer c.Close()
	var n atomic.Uint64
	count := func(context.Context, *conn.Message) { n.Add(1) }
	for i := first; i < min(first+atOnce, p.ConsumeTargets().Len()); i++ {
		if _, err := c.Subscribe(ctx, p.ConsumeTargets().Name(i), count, conn.SubscribeOptions{}); err != nil {
			return &load.SetupError{Doing: "subscribe to " + p.ConsumeTargets().Name(i), Err: err}
		}
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var silence pause.Silence // it does not grow while this process is stopped
	for last := uint64(0); ; {
		now := n.Load()
		if silence.Look(now != last) >= silent {
			return c.Disconnect(ctx)
		}
		last = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil // what is left counts as foreign
		}
	}
}
