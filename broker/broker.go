package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
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
	users    users
	registry registry

	accepted atomic.Uint64
	errors   atomic.Uint64
	unrouted atomic.Uint64
	fault    atomic.Pointer[func(session uint64, f *frame.Frame) Fault]

	mu        sync.Mutex // guards what follows
	engine    *engine.Engine
	listeners map[net.Listener]struct{}
	sessions  map[*session]struct{}
	addr      net.Addr // of the first listener
	closed    bool
	done      sync.WaitGroup // accept loops and sessions
}

// New returns a broker that serves nothing yet: give it listeners ([Broker.Serve]) or
// connections ([Broker.ServeConn]). It starts no goroutine.
func New(cfg Config) (*Broker, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Broker{
		cfg:       cfg,
		users:     newUsers(cfg.Users),
		registry:  registry{byName: make(map[string]*destination)},
		listeners: make(map[net.Listener]struct{}),
		sessions:  make(map[*session]struct{}),
	}, nil
}

// Start returns a broker that listens on cfg.Addr and serves.
func Start(cfg Config) (*Broker, error) {
	b, err := New(cfg)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", b.cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if err := b.enlist(ln); err != nil {
		_ = ln.Close()
		return nil, err
	}
	go b.acceptFrom(ln)
	return b, nil
}

// Addr returns the address of the first listener, nil if there is none.
func (b *Broker) Addr() net.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addr
}

// URI returns where to connect, such as "stomp://127.0.0.1:61613", and "" for a
// broker that does not listen.
func (b *Broker) URI() string {
	if addr := b.Addr(); addr != nil {
		return "stomp://" + addr.String()
	}
	return ""
}

// Close closes the listeners and all connections, throws all messages away, and
// returns when no goroutine of the broker is left. Closing again does nothing.
func (b *Broker) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	var errs []error
	for ln := range b.listeners {
		errs = append(errs, ln.Close())
	}
	for s := range b.sessions {
		s.l.Close(nil)
	}
	e := b.engine
	b.mu.Unlock()

	b.done.Wait()
	if e != nil {
		errs = append(errs, e.Close())
	}
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

// bury sends messages that were refused too often to the dead letter queue.
func (b *Broker) bury(s *session, name string, dead []*message) {
	for _, m := range dead {
		for {
			d, err := b.registry.get(b, []byte(deadLetterName(name)), nil)
			if err != nil {
				b.unrouted.Add(1)
				m.free()
				break
			}
			if d.post(s, m) {
				break
			}
		}
	}
}

// now is the clock that expires headers are held against.
func now() int64 { return time.Now().UnixMilli() }
