package load

import (
	"context"
	"sync"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// SetupError says what kept a run from starting.
type SetupError struct {
	Doing string // "connect", "subscribe to /queue/q", …
	Err   error
}

func (e *SetupError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SetupError) Unwrap() error { return e.Err }

// parallel bounds how many connections are being opened or closed at a time. A
// broker's backlog of half-open connections is no longer than that.
const parallel = 64

// each calls f for 0 … n-1, some of them at a time, and returns the first error.
// After an error no further calls are begun.
func each(n int, f func(i int) error) error {
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
		slots = make(chan struct{}, parallel)
		stop  = make(chan struct{})
	)
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
				once.Do(func() { first = err; close(stop) })
			}
		})
	}
	wg.Wait()
	return first
}

// connect connects everybody and has all subscriptions confirmed.
func (r *run) connect(ctx context.Context) error {
	sessions := make([]transport.Session, len(r.consumers)+len(r.producers))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go r.cancelOnFailure(ctx, cancel)
	err := each(len(sessions), func(i int) (err error) {
		if sessions[i], err = r.dial(ctx); err != nil {
			cancel() // the others need not wait for their timeouts
		}
		return err
	})
	if err != nil {
		return err
	}
	r.ready = Ready{Server: sessions[0].Server(), Version: sessions[0].Version().String()}
	// Consumers first: a topic forgets what nobody listens to.
	if err := each(len(r.consumers), func(i int) error { return r.subscribe(ctx, r.consumers[i], sessions[i]) }); err != nil {
		return err
	}
	for i, p := range r.producers {
		if err := r.prepare(p, sessions[len(r.consumers)+i]); err != nil {
			return err
		}
	}
	return nil
}

// cancelOnFailure ends waiting when there is nothing left to wait for. It returns
// when ctx has ended.
func (r *run) cancelOnFailure(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-r.failed:
		cancel()
	case <-ctx.Done():
	}
}

func (r *run) dial(ctx context.Context) (transport.Session, error) {
	s, err := r.Dialer.Dial(ctx, func(cause error) {
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
	ctx, cancel := context.WithTimeout(ctx, r.plan.ConnectTimeout)
	defer cancel()
	c.subscription, err = s.Subscribe(ctx, r.plan.ConsumeFrom, r.plan.Ack, c.handle)
	if err != nil {
		return &SetupError{"subscribe to " + r.plan.ConsumeFrom, r.betterCause(err)}
	}
	return nil
}

func (r *run) prepare(p *producer, s transport.Session) (err error) {
	p.sender, err = s.NewSender(r.plan.PublishTo, r.plan.Headers, r.plan.Window, p.outcome)
	if err != nil {
		return &SetupError{"prepare to send to " + r.plan.PublishTo, err}
	}
	return nil
}

// betterCause prefers the reason why a connection was closed to the fact that it
// was.
func (r *run) betterCause(err error) error {
	if cause := r.cause(); cause != nil {
		return cause
	}
	return err
}
