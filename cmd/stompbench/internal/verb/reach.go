package verb

import (
	"cmp"
	"context"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/frame"
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

// Drain drains the messages that a failed step left in the queues of each broker, so that the
// next step does not receive them. It takes as long as messages come, and at most a minute. A second
// without any means that there are none: unacknowledged messages of a session that was cut off go back
// into the queues, which may take a busy broker a while.
func Drain(ctx context.Context, of *workload.Plan) error {
	if of.Consumers == 0 || of.Delivery != workload.Shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	p := *of
	p.Producers, p.ProducerConnections, p.Rate, p.Profile, p.Count, p.Warmup, p.Duration = 0, 0, 0, nil, 0, 0, time.Second
	p.Ack, p.AckEvery, p.Nack, p.Prefetch, p.ConsumerLatency = frame.AckAuto, 1, 0, 0, 0
	for ctx.Err() == nil {
		r, err := Run(ctx, load.Options{Plan: &p})
		if err != nil || r.Failure != nil {
			return cmp.Or(err, r.Failure)
		}
		if r.Counts[metric.Received]+r.Counts[metric.Corrupt]+r.Counts[metric.Foreign] == 0 {
			return nil
		}
	}
	return nil // what is left counts as foreign
}
