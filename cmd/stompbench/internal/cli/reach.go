package cli

import (
	"context"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// embed starts a broker in this process if the plan names none, and sets it in the plan. Otherwise
// own is nil. Close it with closeOwn, which accepts nil.
func embed(ctx context.Context, p *workload.Plan) (own *broker.Broker, err error) {
	if !p.Embedded {
		return nil, nil
	}
	if own, err = startBroker(ctx, "127.0.0.1:0"); err != nil {
		return nil, &load.SetupError{Doing: "start the embedded broker", Err: err}
	}
	if p.Broker, err = parseURI(own.URI()); err != nil {
		_ = own.Close()
		return nil, err
	}
	return own, nil
}

func closeOwn(own *broker.Broker) {
	if own != nil {
		_ = own.Close()
	}
}

// newDialer returns the dialer of a run. Close it after the run.
func newDialer(ctx context.Context, p *workload.Plan) (*transport.STOMP, error) {
	d, err := transport.NewSTOMP(ctx, p)
	if err != nil {
		return nil, &load.SetupError{Doing: "start an event loop", Err: err}
	}
	return d, nil
}
