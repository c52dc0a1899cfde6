package failover

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// run is the state of a drill.
type run struct {
	Config
	id    uint64
	clock stamp.Clock
	start int64 // set before anything is sent

	mu        sync.Mutex // guards what follows
	result    Result
	seen      bool // the start has passed; events count from then on
	confirmed ledger.Set
	received  ledger.Set
	sentAt    []int64 // by sequence number, modulo its length
	open      [2]*Outage
	closed    bool // the books are closed

	events chan Event // to the goroutine that calls OnEvent; sent to under mu, while not closed
}

// The connections for which outages are recorded.
const (
	producing = iota
	consuming
)

// Run carries out a drill. An error means that no message was sent.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	cfg.Size = max(cfg.Size, stamp.Size)
	r := &run{Config: cfg, events: make(chan Event, 1024), id: rand.Uint64() | 1, clock: stamp.NewClock(), sentAt: make([]int64, cfg.Window+1)}
	r.result.FromDue, r.result.Confirm = histo.New(), histo.New()
	cl, p, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var telling sync.WaitGroup
	telling.Go(r.tell)
	defer telling.Wait()
	r.begin()
	var restarting sync.WaitGroup
	sending, stop := context.WithCancel(ctx)
	defer stop()
	if cfg.Restart != nil {
		restarting.Go(func() { r.restart(sending) })
	}
	r.sendAll(sending, cl, p)
	r.drain(ctx, cl, p)
	stop()
	restarting.Wait()
	return r.finish(ctx, cl), nil
}

func (r *run) connect(ctx context.Context) (*conn.Client, *conn.Producer, error) {
	cl, err := r.New(&conn.Config{
		Trace:   r.trace,
		Backoff: conn.Backoff{Max: time.Second}, // so that the client's own pauses do not dominate the measurement
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.ConnectTimeout)
	defer cancel()
	fail := func(err error) (*conn.Client, *conn.Producer, error) {
		_ = cl.Close()
		return nil, nil, err
	}
	if err := cl.Connect(ctx); err != nil {
		return fail(transport.Why(err))
	}
	var send, subscribe []frame.Field
	if all := cl.Sessions(); len(all) > 0 {
		r.result.Server, r.result.Version = all[0].Headers.Get(frame.HeaderServer), all[0].Version.String()
		if r.Fields != nil {
			send, subscribe = r.Fields(all[0].Dialect)
		}
	}
	if _, err := cl.Subscribe(ctx, r.ConsumeFrom, r.message, conn.SubscribeOptions{Ack: r.Ack, Headers: subscribe}); err != nil {
		return fail(err)
	}
	p, err := cl.NewProducer(conn.ProducerConfig{
		Destination: r.PublishTo, Headers: send, Window: r.Window,
		Redeliver: true, MaxBytes: 1 << 30, // the window bounds it
		OnOutcome: r.outcome,
	})
	if err != nil {
		return fail(err)
	}
	return cl, p, nil
}

// tell passes events on.
func (r *run) tell() {
	for e := range r.events {
		if r.OnEvent != nil {
			r.OnEvent(e)
		}
	}
}

// begin starts the clock.
func (r *run) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start = r.clock.Now()
	r.seen = true
	r.result.Slices = make([]Slice, 0, r.Duration/SliceLength+1)
}

// sendAll sends on schedule, and sends late messages as fast as possible.
func (r *run) sendAll(ctx context.Context, cl *conn.Client, p *conn.Producer) {
	pace := pacer.New(r.clock.Now, world.Sleep(ctx))
	body := make([]byte, r.Size)
	for i := stamp.Size; i < len(body); i++ {
		body[i] = byte(rand.Uint32())
	}
	sum := stamp.PayloadSum(body)
	// A send that still waits for a connection when the time is up is given up.
	ctx, cancel := context.WithDeadline(ctx, r.clock.Time(r.start+int64(r.Duration)))
	defer cancel()
	var fields []frame.Field
	k := uint64(0)
	for ; ; k++ {
		due := r.due(k)
		if due >= r.start+int64(r.Duration) {
			break
		}
		if _, err := pace.Wait(ctx, due); err != nil {
			break
		}
		now := r.clock.Now()
		s := stamp.Stamp{Run: r.id, Sequence: k + 1, Due: due, Sent: now}
		stamp.Write(body, &s, sum)
		r.noteSent(k+1, now)
		if r.Append != nil {
			fields = r.Append(fields[:0], k+1)
		}
		if _, err := p.Send(ctx, body, fields...); err != nil {
			r.takeBack()
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				r.fail(err)
			}
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Sending = time.Duration(r.clock.Now() - r.start)
	for ; r.due(k) < min(r.clock.Now(), r.start+int64(r.Duration)); k++ {
		r.result.Unsent++
	}
}

// due returns when message k is due. It is computed from k, so that rounding errors do not add up.
func (r *run) due(k uint64) int64 { return r.start + int64(float64(k)*1e9/r.Rate) }

// noteSent records a message before Send, because the outcome may arrive before Send returns.
func (r *run) noteSent(seq uint64, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Sent = seq
	r.sentAt[seq%uint64(len(r.sentAt))] = now
	r.slice(now).Sent++
}

func (r *run) takeBack() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Sent--
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result.Failure == nil {
		r.result.Failure = err
	}
}

// slice returns the slice at a time. mu is held. The last slice holds everything after a day.
func (r *run) slice(now int64) *Slice {
	const most = int(24 * time.Hour / SliceLength)
	i := min(max(0, int((now-r.start)/int64(SliceLength))), most)
	for len(r.result.Slices) <= i {
		r.result.Slices = append(r.result.Slices, Slice{})
	}
	return &r.result.Slices[i]
}

// restart restarts the broker.
func (r *run) restart(ctx context.Context) {
	select {
	case <-time.After(time.Duration(r.start + int64(r.RestartAfter) - r.clock.Now())):
	case <-ctx.Done():
		return
	}
	r.event("", "restarting the broker")
	if err := r.Restart(ctx); err != nil {
		r.event("", "restarting the broker failed: "+err.Error())
		r.mu.Lock()
		defer r.mu.Unlock()
		r.result.RestartFailure = err
		return
	}
	r.event("", "the restart is done")
}

// drain waits for outcomes and messages until all have arrived, or nothing has changed for
// DrainTimeout.
func (r *run) drain(ctx context.Context, cl *conn.Client, p *conn.Producer) {
	flushing, cancel := context.WithCancel(ctx)
	defer cancel()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		_ = p.Flush(flushing)
	}()
	defer func() { cancel(); <-flushed }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var last uint64
	var silence pause.Silence
	for {
		progress, done := r.progress()
		if done {
			return
		}
		silent := silence.Look(progress != last)
		last = progress
		if silent > r.DrainTimeout {
			return
		}
		select {
		case <-tick.C:
		case <-cl.Done():
			r.fail(cl.Err())
			return
		case <-ctx.Done():
			return
		}
	}
}

// progress returns a number that changes when something arrives, and whether everything has.
func (r *run) progress() (n uint64, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.result
	settled := r.confirmed.Len() + o.Rejected + o.Unknown
	return settled + r.received.Len() + o.Repeated + o.Duplicated,
		settled >= o.Sent && r.received.Len()+o.Corrupt >= o.Sent-o.Rejected
}

// finish closes the books and returns the result.
func (r *run) finish(ctx context.Context, cl *conn.Client) *Result {
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	r.mu.Lock()
	r.closed = true
	close(r.events)
	for lane, o := range r.open {
		if o != nil {
			r.over(lane)
		}
	}
	r.mu.Unlock()
	_ = cl.Disconnect(goodbye)

	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.result
	o.Interrupted = ctx.Err() != nil
	o.Confirmed, o.Received = r.confirmed.Len(), r.received.Len()
	o.Unknown = o.Sent - min(o.Sent, o.Confirmed+o.Rejected)
	missing := r.received.MissingLen(o.Sent)
	account := ledger.Account{Sent: o.Sent, Confirmed: &r.confirmed}
	o.ConfirmedLost = account.ConfirmedLost(&r.received)
	missing -= min(missing, o.Rejected)
	o.Lost = missing - min(missing, o.Corrupt)
	return o
}

// trace is the conn.Config.Trace of the run's clients.
func (r *run) trace(_ context.Context, e *conn.Event) {
	switch e.Kind {
	case conn.EventConnected:
		r.connected(e)
	case conn.EventDisconnected:
		r.lost(e)
	case conn.EventRetry:
		r.event(e.Connection, fmt.Sprintf("next try in %s: %s", e.Pause.Round(time.Millisecond), oneLine(e.Err)))
	}
}
