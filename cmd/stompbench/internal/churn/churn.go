package churn

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

// Config says what a run of churn does.
type Config struct {
	// Dial makes one connection. The client ends with it.
	Dial func(ctx context.Context) (*conn.Client, error)
	// Destination of subscription n of a connection, from 0.
	Destination func(n int) string
	Ack         frame.AckMode
	// Fields returns headers of SUBSCRIBE for the broker at hand. nil for none.
	Fields func(d dialect.Dialect) []frame.Field

	Rate          float64       // connections a second; 0: as fast as the workers can
	Open          int           // connections at a time, at most
	Duration      time.Duration // when to open no more; 0: after Count
	Count         uint64        // connections in all; 0: after Duration
	Subscriptions int           // of each connection, one after the other
	Hold          time.Duration // between the last receipt and leaving
	Timeout       time.Duration // of each step

	HalfOpen HalfOpen

	// OnSample is called once a second, always on the same goroutine. May be nil.
	OnSample func(Sample)
}

// Sample is the counts so far.
type Sample struct {
	Elapsed                               time.Duration
	Connected, Subscribed, Closed, Failed uint64
	Open, HalfOpen                        int64
}

// Step is one step in the life of a connection.
type Step int

// The steps.
const (
	Connect     Step = iota // to CONNECTED
	Subscribe               // to the receipt
	Unsubscribe             // to the receipt
	Disconnect              // to the receipt
	Steps                   // how many there are
)

var stepNames = [Steps]string{"connect", "subscribe", "unsubscribe", "disconnect"}

// String returns the name of the step.
func (s Step) String() string { return stepNames[s] }

// Failure is a step that failed, for a reason.
type Failure struct {
	Step   string `json:"step"`
	Reason string `json:"reason"`
}

// Result is the result of a run.
type Result struct {
	Interrupted     bool
	Server, Version string
	Opening         time.Duration // from the start to the last CONNECTED
	Opened          uint64        // connections that got CONNECTED
	Subscribed      uint64
	Failed          uint64
	// Failures counts each step's failures by reason, up to maxReasons different ones.
	Failures map[Failure]uint64
	Unopened uint64 // connections that were due and never begun
	// MostOpen is how many connections were open at a time.
	MostOpen int64
	Latency  [Steps]*histo.Histogram
	FromDue  *histo.Histogram // of CONNECTED; empty without a rate
	HalfOpen *HalfResult      // nil without
}

// maxReasons bounds the number of different failures.
const maxReasons = 100

// churning is one run.
type churning struct {
	Config
	clock      stamp.Clock
	start, end int64
	connected  atomic.Uint64
	subscribed atomic.Uint64
	closed     atomic.Uint64
	failed     atomic.Uint64
	open, most atomic.Int64
	next       atomic.Uint64 // number of the next connection
	begun      atomic.Uint64
	last       atomic.Int64 // when the last was connected

	mu       sync.Mutex // guards what follows
	failures map[Failure]uint64
	server   string
	version  string

	steps [Steps]*histo.Recorder
	due   *histo.Recorder

	half *halfOpen
}

// Run opens and closes connections as cfg says. When ctx ends it opens no more, gives up attempts
// in progress, and disconnects in an orderly way. Half-open connections are held to the end of
// their time, which may be after that of the others.
func Run(ctx context.Context, cfg Config) *Result {
	c := &churning{Config: cfg, clock: stamp.NewClock(), failures: map[Failure]uint64{}, due: histo.NewRecorder(), half: newHalfOpen(cfg.HalfOpen)}
	for i := range c.steps {
		c.steps[i] = histo.NewRecorder()
	}
	c.start = c.clock.Now()
	c.end = 1<<63 - 1
	opening, cancel := ctx, context.CancelFunc(func() {})
	if cfg.Duration > 0 {
		c.end = c.start + int64(cfg.Duration)
		opening, cancel = context.WithDeadline(ctx, c.clock.Time(c.end))
	}
	defer cancel()
	stop := c.sample()
	var wg sync.WaitGroup
	for range cfg.Open {
		wg.Go(func() { c.work(ctx, opening) })
	}
	wg.Wait()
	c.half.going.Wait()
	stop()
	return c.result(ctx)
}

// work opens and closes one connection after the other, until opening ends.
func (c *churning) work(ctx, opening context.Context) {
	pace := pacer.New(c.clock.Now, time.Sleep) // a thread for each worker would be too many
	for {
		n := c.next.Add(1) - 1
		if c.Count > 0 && n >= c.Count {
			return
		}
		due := c.clock.Now()
		if c.Rate > 0 {
			due = c.dueAt(n)
			if due >= c.end {
				return
			}
			if _, err := pace.Wait(opening, due); err != nil {
				return
			}
		}
		if opening.Err() != nil {
			return
		}
		c.begun.Add(1)
		if stage, ok := c.half.choose(n, time.Duration(c.clock.Now()-c.start)); ok {
			c.half.going.Go(func() { c.keep(ctx, stage) })
			continue
		}
		c.one(ctx, due)
	}
}

func (c *churning) dueAt(n uint64) int64 { return c.start + int64(float64(n)*1e9/c.Rate) }

// one opens and closes one connection. Once it is connected it goes through all steps whatever
// happens outside, each within its timeout.
func (c *churning) one(ctx context.Context, due int64) {
	nc, ok := c.connect(ctx, due)
	if !ok {
		return
	}
	defer c.closed.Add(1)
	defer c.open.Add(-1)
	defer nc.Close()
	for i := range c.Subscriptions {
		if !c.subscribe(nc, c.Destination(i)) {
			return
		}
	}
	hold(ctx, c.Hold)
	c.do(context.Background(), Disconnect, func(ctx context.Context) error { return nc.Disconnect(ctx) })
}

// hold waits for d, or until ctx ends.
func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (c *churning) connect(ctx context.Context, due int64) (nc *conn.Client, ok bool) {
	phase, began := c.half.phase(), c.clock.Now()
	ok = c.do(ctx, Connect, func(ctx context.Context) (err error) {
		nc, err = c.Dial(ctx)
		return err
	})
	now := c.clock.Now()
	if ok || !over(ctx) {
		c.half.others(phase, now-began, ok)
	}
	if !ok {
		return nil, false
	}
	if c.Rate > 0 {
		c.due.Record(now - due)
	}
	raise(&c.last, now)
	if c.connected.Add(1) == 1 {
		c.mu.Lock()
		s := sessionOf(nc)
		c.server, c.version = s.Headers.Get(frame.HeaderServer), s.Version.String()
		c.mu.Unlock()
	}
	raise(&c.most, c.open.Add(1))
	return nc, true
}

// sessionOf returns what was agreed on for the connection; the zero value if it has ended.
func sessionOf(nc *conn.Client) (s conn.Session) {
	if all := nc.Sessions(); len(all) > 0 {
		s = all[0]
	}
	return s
}

// raise raises number to n if it is lower.
func raise(number *atomic.Int64, n int64) {
	for old := number.Load(); n > old && !number.CompareAndSwap(old, n); old = number.Load() {
	}
}

func (c *churning) subscribe(nc *conn.Client, destination string) bool {
	var s *conn.Subscription
	o := conn.SubscribeOptions{Ack: c.Ack}
	if c.Fields != nil {
		o.Headers = c.Fields(sessionOf(nc).Dialect)
	}
	ok := c.do(context.Background(), Subscribe, func(ctx context.Context) (err error) {
		s, err = nc.Subscribe(ctx, destination, func(context.Context, *conn.Message) {}, o)
		return err
	})
	if !ok {
		return false
	}
	c.subscribed.Add(1)
	return c.do(context.Background(), Unsubscribe, func(ctx context.Context) error { return s.Unsubscribe(ctx) })
}

// do measures a step and counts its failure. A step that was given up because outside has ended is
// not a failure.
func (c *churning) do(outside context.Context, step Step, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(outside, c.Timeout)
	defer cancel()
	began := c.clock.Now()
	err := f(ctx)
	if err != nil && over(outside) {
		return false
	}
	if err != nil {
		c.fail(step, err)
		return false
	}
	c.steps[step].Record(c.clock.Now() - began)
	return true
}

// over reports whether ctx has ended, or is about to: a socket that has the same
// deadline may be the first to say so.
func over(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(deadline)
}

// sample calls OnSample once a second, until the function that it returns is called.
func (c *churning) sample() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if c.OnSample != nil {
				c.OnSample(Sample{
					Elapsed:   time.Duration(c.clock.Now() - c.start),
					Connected: c.connected.Load(), Subscribed: c.subscribed.Load(),
					Closed: c.closed.Load(), Failed: c.failed.Load(), Open: c.open.Load(),
					HalfOpen: c.half.held.Load(),
				})
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

func (c *churning) result(ctx context.Context) *Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Result{
		Interrupted: ctx.Err() != nil, Server: c.server, Version: c.version,
		Opened: c.connected.Load(), Subscribed: c.subscribed.Load(), Failed: c.failed.Load(), Failures: c.failures,
		MostOpen: c.most.Load(), FromDue: histo.New(), HalfOpen: c.halfResult(),
	}
	if last := c.last.Load(); last > 0 {
		r.Opening = time.Duration(last - c.start)
	}
	for i := range r.Latency {
		r.Latency[i] = histo.New()
		c.steps[i].Drain(r.Latency[i])
	}
	c.due.Drain(r.FromDue)
	if c.Rate > 0 {
		r.Unopened = c.unopened()
	}
	return r
}

// unopened counts the connections that were due by now, or by the end, and were not begun.
func (c *churning) unopened() uint64 {
	until := min(c.clock.Now(), c.end)
	due := uint64(math.Ceil(float64(until-c.start) * c.Rate / 1e9))
	if c.Count > 0 {
		due = min(due, c.Count)
	}
	return due - min(due, c.begun.Load())
}
