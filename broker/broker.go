package broker

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/frame"
)

// Broker serves STOMP connections. Create it with [Start] or [New] and Close it.
// Safe for concurrent use.
type Broker struct {
	cfg      Config
	readable frame.Limits // see Config.readable
	users    users
	registry registry

	accepted atomic.Uint64
	rejected atomic.Uint64
	errors   atomic.Uint64
	unrouted atomic.Uint64
	stored   atomic.Int64 // bytes of all messages that destinations and transactions hold
	fault    atomic.Pointer[func(session uint64, f *frame.Frame) Fault]
	faults   faultCounts
	late     lateLine

	mu        sync.Mutex // guards what follows
	engine    *engine.Engine
	listeners []net.Listener
	addr      net.Addr // of the first listener
	uri       string   // of the first listener
	sessions  map[*session]struct{}
	perIP     map[netip.Addr]int // connections; empty unless there is a bound to keep
	frozen    int                // see Freeze
	closed    bool
	done      sync.WaitGroup // accept loops and sessions
}

// New returns a broker that serves nothing yet: give it listeners ([Broker.Serve]) or connections
// ([Broker.ServeConn]). It starts no goroutine.
func New(cfg Config) (*Broker, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Broker{
		cfg:      cfg,
		readable: cfg.readable(),
		users:    newUsers(cfg),
		registry: registry{byName: make(map[string]*destination)},
		sessions: make(map[*session]struct{}),
		perIP:    make(map[netip.Addr]int),
	}, nil
}

// Start returns a broker that listens on cfg.Addr and serves.
func Start(cfg Config) (*Broker, error) {
	b, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if _, err := b.Listen(b.cfg.Addr); err != nil {
		return nil, err
	}
	return b, nil
}

// Close closes the listeners and all connections, discards all messages, and returns when no
// goroutine of the broker is left. Closing again does nothing.
func (b *Broker) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	listeners := b.listeners
	b.listeners = nil
	for s := range b.sessions {
		if isKernelSocket(s.l.NetConn()) {
			s.l.Close(nil)
		} else {
			b.done.Go(func() { s.l.Close(nil) }) // with TLS, Close may wait for a peer that does not read
		}
	}
	e := b.engine
	b.mu.Unlock()

	var errs []error
	for _, ln := range listeners {
		errs = append(errs, ln.Close())
	}
	b.done.Wait()
	if e != nil {
		errs = append(errs, e.Close())
	}
	b.late.close()
	b.registry.clear()
	return errors.Join(errs...)
}

// driver returns the engine, which starts with the first kernel socket.
func (b *Broker) driver() (*engine.Engine, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.engine == nil && !b.closed {
		e, err := engine.New(engine.Options{Loops: b.cfg.Loops, Logger: b.cfg.Logger})
		if err != nil {
			return nil, err
		}
		b.engine = e
	}
	if b.closed {
		return nil, errClosed
	}
	return b.engine, nil
}

// fullAllowance is how many bytes of delivered, unacknowledged messages a destination may hold
// while the broker is full. So consumers that acknowledge at once are not stopped by destinations
// that others have filled.
const fullAllowance = 4 << 10

// isFull reports whether the broker holds as much as Config.StoredBytes allows.
func (b *Broker) isFull() bool { return b.stored.Load() >= int64(b.cfg.StoredBytes) }

// now is the time that expires headers are compared with, in Unix milliseconds.
func now() int64 { return time.Now().UnixMilli() }
