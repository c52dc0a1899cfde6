package cli

import (
	"context"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// runStep carries out one of several plans, with its own connections. onSample may be nil.
func runStep(ctx context.Context, plan *workload.Plan, onSample func(*load.Sample)) (*load.Result, error) {
	dialer, err := newDialer(ctx, plan)
	if err != nil {
		return nil, err
	}
	defer dialer.Close()
	return load.Run(ctx, load.Options{Plan: plan, Dialer: dialer, OnSample: onSample})
}
