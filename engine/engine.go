package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/panjf2000/gnet/v2"

	"github.com/stompwire/stompwire/engine/link"
)

// ErrUnsupportedConn: the connection is not a kernel socket, or gnet cannot watch
// it. Package pump can read it.
var ErrUnsupportedConn = errors.New("engine: not a TCP or Unix socket")

// Engine is a set of event loops that read links. Create it with [New]. Safe for
// concurrent use.
type Engine struct {
	client *gnet.Client

	enroll sync.RWMutex         // serialises Start and Close: gnet hangs when they overlap
	mu     sync.Mutex           // guards what follows
	looped map[*reader]struct{} // links on loops
	alone  map[*reader]struct{} // and off them
	closed bool                 // guarded by both
	done   sync.WaitGroup       // goroutines of the links in alone, and of those that end
}

// Options of an engine. The zero value is ready.
type Options struct {
	Loops  int          // event loops; default 1
	Logger *slog.Logger // receives gnet's warnings and errors; nil discards them
}

// New starts an engine. Call Close to stop its goroutines.
func New(opts Options) (*Engine, error) {
	e := &Engine{
		looped: make(map[*reader]struct{}), alone: make(map[*reader]struct{}),
	}
	client, err := gnet.NewClient(&events{},
		gnet.WithNumEventLoop(max(opts.Loops, 1)),
		gnet.WithReadBufferCap(readBuffer),
		gnet.WithLogger(logger{opts.Logger}),
	)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if err := client.Start(); err != nil {
		return nil, fmt.Errorf("engine: start event loops: %w", err)
	}
	e.client = client
	return e, nil
}

// readBuffer is how many bytes a loop reads at a time.
const readBuffer = 64 << 10

// Start begins to read l on the loop with the fewest links. The handler of l must not block unless
// the link has the engine to itself, and must not call runtime.Goexit, which would end the loop.
// Start returns ErrUnsupportedConn for a connection that is not a kernel socket, and an error that
// Is net.ErrClosed on a closed engine; then the link is unchanged.
func (e *Engine) Start(l *link.Link) error {
	e.enroll.RLock()
	defer e.enroll.RUnlock()
	if e.closed {
		return fmt.Errorf("engine: closed: %w", net.ErrClosed)
	}
	twin, err := duplicate(l.NetConn())
	if err != nil {
		return err
	}
	return e.watch(twin, &reader{engine: e, link: l})
}

// watch registers r with an event loop. gnet watches a duplicate of twin and closes twin.
func (e *Engine) watch(twin net.Conn, r *reader) error {
	if _, err := e.client.EnrollContext(twin, r); err != nil {
		return fmt.Errorf("engine: watch socket: %w", err)
	}
	return nil
}

// join registers a link on a loop.
func (e *Engine) join(r *reader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looped[r] = struct{}{}
}

// part undoes join.
func (e *Engine) part(r *reader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.looped, r)
}

// end ends a link that no loop reads any more, on a goroutine of its own: End may wait for the
// flusher, and OnClose may block.
func (e *Engine) end(l *link.Link, err error) {
	e.done.Add(1)
	go func() {
		defer e.done.Done()
		l.End(err)
	}()
}

// duplicate returns a second net.Conn for the same socket.
func duplicate(nc net.Conn) (net.Conn, error) {
	filer, ok := nc.(fileConn)
	if !ok {
		return nil, ErrUnsupportedConn
	}
	file, err := filer.File()
	if err != nil {
		return nil, fmt.Errorf("engine: duplicate socket: %w", err)
	}
	defer file.Close()
	defer keepOptions(nc)()
	twin, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("engine: duplicate socket: %w", err)
	}
	if twin.RemoteAddr() == nil { // the peer has reset it already, and gnet would panic
		_ = twin.Close()
		return nil, ErrUnsupportedConn
	}
	return twin, nil
}

// Close closes every link that the engine reads. It returns when their OnClose has returned and all
// goroutines of the engine have ended. A handler must not call it. Closing again does nothing.
func (e *Engine) Close() error {
	e.enroll.Lock()
	e.mu.Lock()
	again := e.closed
	e.closed = true
	for r := range e.looped {
		r.link.Close(nil)
	}
	for r := range e.alone {
		r.link.Close(nil)
	}
	e.mu.Unlock()
	e.enroll.Unlock()
	if again {
		return nil
	}
	err := e.client.Stop()
	e.done.Wait()
	return err
}
