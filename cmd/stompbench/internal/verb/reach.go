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

// Embed starts a broker in this process if the plan names none, and sets it in the plan. Otherwise
// own is nil. Close it with CloseOwn, which accepts nil.
func Embed(ctx context.Context, p *workload.Plan) (own *broker.Broker, err error) {
	if !p.Embedded {
		return nil, nil
	}
	if own, err = StartBroker(ctx, "127.0.0.1:0"); err != nil {
		return nil, &load.SetupError{Doing: "start the embedded broker", Err: err}
	}
	if p.Broker, err = uri.Parse(own.URI()); err != nil {
		_ = own.Close()
		return nil, err
	}
	return own, nil
}

// CloseOwn closes what Embed returned.
func CloseOwn(own *broker.Broker) {
	if own != nil {
		_ = own.Close()
	}
}

// NewDialer returns the dialer of a run. Close it after the run.
func NewDialer(ctx context.Context, p *workload.Plan) (*transport.STOMP, error) {
	d, err := transport.NewSTOMP(ctx, p)
	if err != nil {
		return nil, &load.SetupError{Doing: "start an event loop", Err: err}
	}
	return d, nil
}

// RunStep carries out one of several plans, with its own connections. onSample may be nil.
func RunStep(ctx context.Context, plan *workload.Plan, onSample func(*load.Sample)) (*load.Result, error) {
	dialer, err := NewDialer(ctx, plan)
	if err != nil {
		return nil, err
	}
	defer dialer.Close()
	return load.Run(ctx, load.Options{Plan: plan, Dialer: dialer, OnSample: onSample})
}

// StartBroker starts a broker in this process, in the world of ctx.
func StartBroker(ctx context.Context, addr string) (*broker.Broker, error) {
	cfg := ForLoad()
	w := world.Of(ctx)
	if w == nil {
		cfg.Addr = addr
		return broker.Start(cfg)
	}
	b, err := broker.New(cfg)
	if err != nil {
		return nil, err
	}
	ln, err := w.Listen(addr)
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
