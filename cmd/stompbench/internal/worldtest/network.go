// Package worldtest makes worlds for tests in virtual time.
//
// Imports: broker of stompwire, and the world package of stompbench.
package worldtest

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// Network is a network within the process, whose connections are pipes. The zero value is ready.
// Safe for concurrent use.
type Network struct {
	mu   sync.Mutex
	last int                  // the last port that was given out
	at   map[string]*listener // by address
	open []net.Conn           // near ends
	down bool

	// Slow is how long each read at the far end of a connection takes. Set it before use: if
	// nothing took time, virtual time would not pass.
	Slow time.Duration
}

// World returns a world with this network, in which the process uses the given number of processors
// all the time.
func (n *Network) World(busy float64) *world.World {
	began := time.Now()
	return &world.World{
		Dial: n.Dial, Listen: n.Listen,
		CPU: func() time.Duration { return time.Duration(busy * float64(time.Since(began))) },
	}
}

// ErrRefused: nothing listens at the address.
var ErrRefused = errors.New("connection refused")

// Dial connects to a listener.
func (n *Network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	ln := n.at[address]
	down := n.down
	n.mu.Unlock()
	if ln == nil || down {
		return nil, ErrRefused
	}
	near, far := net.Pipe()
	select {
	case ln.accept <- &slowConn{far, n.Slow}:
		n.mu.Lock()
		defer n.mu.Unlock()
		n.open = append(n.open, near)
		return near, nil
	case <-ln.closed:
		return nil, ErrRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Down cuts all connections and refuses new ones, until it is called with false.
func (n *Network) Down(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, nc := range n.open {
		_ = nc.Close()
	}
	n.open, n.down = nil, down
}

// Listen listens at an address; port 0 takes a free one.
func (n *Network) Listen(at string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, err
	}
	if port == "0" {
		n.last++
		port = strconv.Itoa(n.last)
	}
	ln := &listener{address: address(net.JoinHostPort(host, port)), accept: make(chan net.Conn), closed: make(chan struct{})}
	ln.close = sync.OnceFunc(func() { close(ln.closed) })
	if n.at == nil {
		n.at = make(map[string]*listener)
	}
	n.at[string(ln.address)] = ln
	return ln, nil
}

// Broker starts a broker on the network.
func (n *Network) Broker(cfg broker.Config) (*broker.Broker, error) {
	b, err := broker.New(cfg)
	if err != nil {
		return nil, err
	}
	ln, err := n.Listen("127.0.0.1:0")
	if err == nil {
		_, err = b.ListenOn(ln)
	}
	return b, err
}

type slowConn struct {
	net.Conn
	slow time.Duration
}

func (nc *slowConn) Read(b []byte) (int, error) {
	time.Sleep(nc.slow)
	return nc.Conn.Read(b)
}

type listener struct {
	address
	accept chan net.Conn
	closed chan struct{}
	close  func()
}

func (ln *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-ln.accept:
		return nc, nil
	case <-ln.closed:
		return nil, net.ErrClosed
	}
}

func (ln *listener) Close() error {
	ln.close()
	return nil
}

func (ln *listener) Addr() net.Addr { return ln.address }

// URI is for the broker: see broker.Broker.ListenOn.
func (ln *listener) URI() string { return "stomp://" + string(ln.address) }

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
