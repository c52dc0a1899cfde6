package verb

import (
	"context"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
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
	if w := world.Of(ctx); w == nil {
		_, err = b.Listen(addr)
	} else if ln, e := w.Listen(addr); e != nil {
		err = e
	} else {
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

// RunStep is Run for one of several plans. onSample may be nil.
func RunStep(ctx context.Context, plan *workload.Plan, onSample func(*load.Sample)) (*load.Result, error) {
	return Run(ctx, load.Options{Plan: plan, OnSample: onSample})
}
