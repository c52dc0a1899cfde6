package interop_test

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/stompwire/stompwire/conn"
)

// breaker cuts the connections of a client, and keeps it from making others. It is its Config.DialFunc.
type breaker struct {
	mu    sync.Mutex
	open  bool
	conns []*net.TCPConn
	dials int
}

var errOpen = errors.New("the broker is away")

func (b *breaker) dial(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open {
		_ = nc.Close()
		return nil, errOpen
	}
	b.dials++
	b.conns = append(b.conns, nc.(*net.TCPConn))
	return nc, nil
}

// away cuts all connections and makes no more, until back. A shutdown reaches the socket even though the
// event loop reads a duplicate of its descriptor.
func (b *breaker) away() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
	for _, nc := range b.conns {
		_ = nc.CloseRead()
		_ = nc.CloseWrite()
	}
	b.conns = nil
}

func (b *breaker) back() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = false
}

func (b *breaker) cut() { b.away(); b.back() }

// made returns how many connections were made.
func (b *breaker) made() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dials
}

// broken puts b into the way of a client.
func (b *breaker) broken(cfg *conn.Config) { cfg.DialFunc = b.dial }
