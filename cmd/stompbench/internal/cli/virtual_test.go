package cli_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/worldtest"
)

// virtual is a test in virtual time: what takes a second takes exactly that, whatever the
// machine does. Commands that it runs, and brokers that it starts, are on a network of
// their own.
type virtual struct {
	*testing.T
	n *worldtest.Network
	w *world.World
}

// Context returns a context in which commands run in the test's world.
func (v *virtual) Context() context.Context { return world.With(v.T.Context(), v.w) }

// virtually runs a test in virtual time.
func virtually(t *testing.T, test func(t testing.TB)) { virtuallyBusy(t, 0, test) }

// virtuallyBusy is virtually where the process uses so many processors all the time.
func virtuallyBusy(t *testing.T, processors float64, test func(t testing.TB)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := new(worldtest.Network)
		test(&virtual{T: t, n: n, w: n.World(processors)})
	})
}

// started starts a broker that ends with the test.
func started(t testing.TB, cfg broker.Config) *broker.Broker {
	t.Helper()
	start := broker.Start
	if v, ok := t.(*virtual); ok {
		start = v.n.Broker
	}
	b, err := start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// network returns what listens, and what dials, in the world of the test.
func network(t testing.TB) (listen func(address string) (net.Listener, error), dial func(address string) (net.Conn, error)) {
	if v, ok := t.(*virtual); ok {
		return v.n.Listen, func(address string) (net.Conn, error) { return v.n.Dial(v.Context(), "tcp", address) }
	}
	return func(address string) (net.Listener, error) { return net.Listen("tcp", address) },
		func(address string) (net.Conn, error) { return net.Dial("tcp", address) }
}
