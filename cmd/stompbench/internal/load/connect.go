package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
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
		next  atomic.Int64
		mu    sync.Mutex
		first error
	)
	for range min(n, parallel) {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := f(i - 1); err != nil {
					next.Store(int64(n))
					mu.Lock()
					first = better(first, err)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return first
}

// better returns the error that explains more: the broker's reason, which ended the other calls, or
// the error because of which the other call was cancelled.
func better(first, err error) error {
	var reason *conn.ServerError
	if first == nil || errors.As(err, &reason) && !errors.As(first, &reason) || errors.Is(first, context.Canceled) {
		return err
	}
	return first
}

// connect opens all connections and returns when all subscriptions are confirmed.
func (r *run) connect(ctx context.Context) error {
	defer r.reportConnecting()()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.alive, cancel)()
	forConsumers := r.Plan.ConsumerConnections
	sessions := make([]transport.Session, r.Plan.Connections())
	r.sessions = sessions
	done, began := r.begins("connections established", len(sessions)), time.Now()
	err := each(len(sessions), func(i int) error {
		defer done.Add(1)
		c := transport.Connection{Number: i, Blocks: r.Plan.ConsumerLatency > 0}
		if i >= forConsumers {
			c = transport.Connection{Number: i - forConsumers}
		}
		if rate := r.Plan.ConnectRate; rate > 0 {
			select {
			case <-time.After(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second))))):
			case <-ctx.Done():
				return &SetupError{"connect", ctx.Err()}
			}
		}
		s, err := r.Dialer.Dial(ctx, c, func(cause error) {
			if !r.closing.Load() {
				r.fail(cause)
			}
		})
		if err != nil {
			cancel() // the others need not wait for their timeouts
			return &SetupError{"connect", err}
		}
		sessions[i] = s
		return nil
	})
	if err != nil {
		return err
	}
	agreed := sessions[0].Agreed()
	r.ready = Ready{ID: r.id.Load(), Server: agreed.Headers.Get(frame.HeaderServer), Version: agreed.Version.String(), Dialect: agreed.Dialect}
	done = r.begins("subscriptions confirmed", len(r.consumers))
	// Consumers first: a topic drops messages that it has no subscription for.
	if err := each(len(r.consumers), func(i int) error {
		c := r.consumers[i]
		defer done.Add(1)
		return r.subscribe(ctx, c, sessions[c.worker%forConsumers])
	}); err != nil {
		return err
	}
	for i, p := range r.producers {
		if ctx.Err() != nil {
			return &SetupError{"prepare to send", r.betterCause(ctx.Err())}
		}
		if err := p.prepare(sessions[forConsumers+i%r.Plan.ProducerConnections]); err != nil {
			return err
		}
	}
	return nil
}

// phase is a part of connecting.
type phase struct {
	what string
	all  int
	done atomic.Int64
}

// begins begins a phase. It returns the counter of what is done.
func (r *run) begins(what string, all int) *atomic.Int64 {
	p := &phase{what: what, all: all}
	r.phase.Store(p)
	return &p.done
}

func (p *phase) String() string { return fmt.Sprintf("%d of %d %s", p.done.Load(), p.all, p.what) }

// reportConnecting calls OnConnecting once a second until stop is called.
func (r *run) reportConnecting() (stop func()) {
	if r.OnConnecting == nil {
		return func() {}
	}
	return pacer.Every(time.Second, func() { r.OnConnecting(r.phase.Load()) })
}

func (r *run) subscribe(ctx context.Context, c *consumer, s transport.Session) (err error) {
	destination, o := r.Plan.ConsumeTargets().Name(c.destination), conn.SubscribeOptions{Ack: r.Plan.Ack, AckEvery: r.Plan.AckEvery}
	if o.Headers, err = r.subscribeHeaders(s); err != nil {
		return &SetupError{"subscribe to " + destination, err}
	}
	ctx, cancel := context.WithTimeout(ctx, r.Plan.ConnectTimeout)
	defer cancel()
	began := r.clock.Now()
	c.unsubscribe, err = s.Subscribe(ctx, destination, o, c.handle)
	c.roundTrip = r.clock.Now() - began
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
	out := r.Plan.SubscribeFields(d)
	if r.Plan.Prefetch == 0 {
		return out, nil
	}
	if d.PrefetchNeedsAck && r.Plan.Ack == frame.AckAuto {
		return nil, ErrPrefetchAuto
	}
	fields, err := d.SubscribeFields(dialect.Prefetch(r.Plan.Prefetch), dialect.PrefetchBytes(r.Plan.Prefetch*(r.Plan.Size+r.Plan.Extra.Bytes()+frameBytes)))
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
