// Package world is the environment of a run: the network, the timers, and the CPU time of the
// process. Outside of tests it is the system's. A test in virtual time replaces it, because a
// goroutine in a system call would stop virtual time: it has connections without descriptors,
// timers of the runtime, and a CPU time that does not depend on the machine.
//
// Imports: the standard library, and the pacer package of stompbench.
package world

import (
	"context"
	"net"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// World replaces the system's environment.
type World struct {
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Listen func(address string) (net.Listener, error)
	CPU    func() time.Duration // of this process; nil: unknown
}

type key struct{}

// With returns a context in which runs use the world w.
func With(ctx context.Context, w *World) context.Context { return context.WithValue(ctx, key{}, w) }

// Of returns the world of ctx, nil for the system's.
func Of(ctx context.Context) *World {
	w, _ := ctx.Value(key{}).(*World)
	return w
}

// Listen listens at an address in the world of ctx.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if w := Of(ctx); w != nil {
		return w.Listen(address)
	}
	return net.Listen("tcp", address)
}

// Sleep returns the most precise sleep in the world of ctx.
func Sleep(ctx context.Context) func(time.Duration) {
	if Of(ctx) != nil {
		return time.Sleep
	}
	return pacer.Precise
}
