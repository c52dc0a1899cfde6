// Package world is what lies below a run: the network, the timers, and what the process
// used of the processors. Outside of tests it is that of the system. A test that runs in
// virtual time brings another one, because a goroutine in a system call would keep virtual
// time from passing: connections without descriptors, timers of the runtime, and a CPU
// time that does not depend on the machine.
//
// Imports: the standard library, and the pacer package of stompbench.
package world

import (
	"context"
	"net"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
)

// World replaces that of the system.
type World struct {
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Listen func(address string) (net.Listener, error)
	CPU    func() time.Duration // of this process; nil is not known
}

type key struct{}

// With returns a context in which runs have the world w.
func With(ctx context.Context, w *World) context.Context { return context.WithValue(ctx, key{}, w) }

// Of returns the world of ctx, nil for that of the system.
func Of(ctx context.Context) *World {
	w, _ := ctx.Value(key{}).(*World)
	return w
}

// Sleep returns what waits most precisely in the world of ctx.
func Sleep(ctx context.Context) func(time.Duration) {
	if Of(ctx) != nil {
		return time.Sleep
	}
	return pacer.Precise
}
