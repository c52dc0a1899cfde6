package transport

import (
	"context"
	"runtime"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Driver reads connections until it is closed.
type Driver interface {
	Start(l *link.Link) error
	Close() error
}

// Loops returns event loops that connections can share if their handlers do not block, as many as
// there are processors. In a world without descriptors each connection has a goroutine.
func Loops(ctx context.Context) (Driver, error) {
	if world.Of(ctx) != nil {
		return goroutines{}, nil
	}
	return engine.New(engine.Options{Loops: runtime.GOMAXPROCS(0)})
}

type goroutines struct{ pump.Driver }

func (goroutines) Close() error { return nil }
