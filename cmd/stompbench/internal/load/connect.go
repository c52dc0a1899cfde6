package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// SetupError says what failed before the run started.
type SetupError struct {
	Doing string // "connect", "subscribe to /queue/q", …
	Err   error
}

func (e *SetupError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SetupError) Unwrap() error { return e.Err }

// parallel bounds how many connections are opened or closed at a time. A broker's backlog of
// half-open connections is not longer than that.
const parallel = 64

// each calls f for 0 … n-1, some of them at a time. It returns the first error, or one that
// explains the others. After an error it starts no further calls.
func each(n int, f func(i int) error) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		slots = make(chan struct{}, parallel)
		stop  = make(chan struct{})
	)
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		var reason *conn.ServerError
		switch {
		case first == nil:
			first = err
			close(stop)
		case errors.As(err, &reason) && !errors.As(first, &reason):
			first = err // the broker's reason, which ended the other calls
		case errors.Is(first, context.Canceled):
			first = err // the error because of which the other call was cancelled
		}
	}
	for i := range n {
		slots <- struct{}{}
		select {
		case <-stop:
			wg.Wait()
			return first
		default:
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := f(i); err != nil {
				fail(err)
			}
		})
	}
	wg.Wait()
	return first
}

// connect opens all connections and returns when all subscriptions are confirmed.
func (r *run) connect(ctx context.Context) error {
	defer r.reportConnecting()()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go r.cancelOnFailure(ctx, cancel)
	forConsumers := r.plan.ConsumerConnections
	sessions := make([]transport.Session, r.plan.Connections())
	turns := newTurns(r.plan.ConnectRate)
	err := each(len(sessions), func(i int) (err error) {
		c := transport.Connection{Number: i, Blocks: r.plan.ConsumerLatency > 0}
		if i >= forConsumers {
			c = transport.Connection{Number: i - forConsumers}
		}
		if err := turns.wait(ctx, i); err != nil {
			return err
		}
		if sessions[i], err = r.dial(ctx, c); err != nil {
			cancel() // the others need not wait for their timeouts
		}
		r.connected.connections.Add(1)
		return err
	})
	if err != nil {
		return err
	}
	agreed := sessions[0].Agreed()
	r.ready = Ready{Server: agreed.Headers.Get(frame.HeaderServer), Version: agreed.Version.String(), Dialect: agreed.Dialect}
	// Consumers first: a topic drops messages that it has no subscription for.
	if err := each(len(r.consumers), func(i int) error {
		c := r.consumers[i]
		defer r.connected.subscriptions.Add(1)
		return r.subscribe(ctx, c, sessions[c.worker%forConsumers])
	}); err != nil {
		return err
	}
	for i, p := range r.producers {
		if ctx.Err() != nil {
			return &SetupError{"prepare to send", r.betterCause(ctx.Err())}
		}
		if err := p.prepare(sessions[forConsumers+i%r.plan.ProducerConnections]); err != nil {
			return err
		}
	}
	return nil
}

// connected counts for Connecting.
type connected struct{ workers, connections, subscriptions atomic.Int64 }

// reportConnecting calls OnConnecting once a second until stop is called.
func (r *run) reportConnecting() (stop func()) {
	if r.OnConnecting == nil {
		return func() {}
	}
	return pacer.Every(time.Second, func() {
		c, p := &r.connected, r.plan
		r.OnConnecting(Connecting{
			int(c.workers.Load()), p.Producers + p.Consumers, int(c.connections.Load()), p.Connections(),
			int(c.subscriptions.Load()), subscriptions(p),
		})
	})
}

// turns spread the connection attempts over time.
type turns struct {
	start    time.Time
	interval time.Duration // 0: no waiting
}

func newTurns(rate float64) turns {
	t := turns{start: time.Now()}
	if rate > 0 {
		t.interval = time.Duration(float64(time.Second) / rate)
	}
	return t
}

// wait waits until connection i may be opened.
func (t turns) wait(ctx context.Context, i int) error {
	if t.interval == 0 {
		return nil
	}
	timer := time.NewTimer(time.Until(t.start.Add(time.Duration(i) * t.interval)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &SetupError{"connect", ctx.Err()}
	}
}

// cancelOnFailure cancels waiting after a failure. It returns when ctx has ended.
func (r *run) cancelOnFailure(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-r.failed:
		cancel()
	case <-ctx.Done():
	}
}

func (r *run) dial(ctx context.Context, c transport.Connection) (transport.Session, error) {
	s, err := r.Dialer.Dial(ctx, c, func(cause error) {
		if !r.closing.Load() {
			r.fail(cause)
		}
	})
	if err != nil {
		return nil, &SetupError{"connect", err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions = append(r.sessions, s)
	return s, nil
}

func (r *run) subscribe(ctx context.Context, c *consumer, s transport.Session) (err error) {
	destination, o := r.plan.ConsumeName(c.destination), conn.SubscribeOptions{Ack: r.plan.Ack, AckEvery: r.plan.AckEvery}
	if o.Headers, err = r.subscribeHeaders(s); err != nil {
		return &SetupError{"subscribe to " + destination, err}
	}
	ctx, cancel := context.WithTimeout(ctx, r.plan.ConnectTimeout)
	defer cancel()
	began := r.clock.Now()
	c.unsubscribe, err = s.Subscribe(ctx, destination, o, c.handle)
	r.roundTrip.add(r.clock.Now() - began)
	if err != nil {
		return &SetupError{"subscribe to " + destination, r.betterCause(err)}
	}
	return nil
}

// frameBytes is about how many bytes a message takes besides its body, for brokers whose prefetch
// counts bytes.
const frameBytes = 256

// ErrPrefetchAuto: in mode auto, Artemis delivers only as much as the prefetch in total.
var ErrPrefetchAuto = errors.New("with --ack auto, this broker delivers no more than --prefetch")

// ErrNoEscapes: the broker speaks STOMP 1.0, which cannot represent characters that need an escape.
var ErrNoEscapes = errors.New("this broker speaks STOMP 1.0, which escapes nothing")

func (r *run) subscribeHeaders(s transport.Session) ([]frame.Field, error) {
	d := s.Agreed().Dialect
	out := r.plan.SubscribeFields(d)
	if r.plan.Prefetch == 0 {
		return out, nil
	}
	if d.PrefetchNeedsAck && r.plan.Ack == frame.AckAuto {
		return nil, ErrPrefetchAuto
	}
	fields, err := d.SubscribeFields(dialect.Prefetch(r.plan.Prefetch), dialect.PrefetchBytes(r.plan.Prefetch*(r.plan.Size+r.plan.Extra.Bytes()+frameBytes)))
	return append(out, fields...), err
}

// betterCause returns the reason why a connection was closed, if err only says that it was.
func (r *run) betterCause(err error) error {
	var reason *conn.ServerError
	if errors.As(err, &reason) {
		return err
	}
	if cause := r.cause(); cause != nil {
		return cause
	}
	return err
}

// subscriptions returns how many there will be.
func subscriptions(p *workload.Plan) int {
	if p.Consumers == 0 {
		return 0
	}
	return max(p.Consumers, p.ConsumeTargets())
}
