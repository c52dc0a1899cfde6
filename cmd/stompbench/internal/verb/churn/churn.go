package churn

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Config says what a run of churn does. Of the plan it uses the destination to publish to, which is
// subscribed to, ack mode, rate, duration, count and the timeout to connect, which is that of each
// step. Either the duration or the count may be 0.
type Config struct {
	*workload.Plan
	// Dial makes one connection. The client ends with it.
	Dial func(ctx context.Context) (*conn.Client, error)

	Open          int           // connections at a time, at most
	Subscriptions int           // of each connection, one after the other
	Hold          time.Duration // between the last receipt and leaving

	HalfOpen HalfOpen

	// OnSample is called once a second, always on the same goroutine. May be nil.
	OnSample func(Sample)
}

// destination returns the destination of subscription n of a connection, from 0.
func (c *Config) destination(n int) string {
	return strings.ReplaceAll(c.PublishTo, "%d", strconv.Itoa(n))
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

// grace is how long the steps in progress may still take when a run is interrupted.
const grace = 500 * time.Millisecond

// churning is one run.
type churning struct {
	Config
	clock      stamp.Clock
	start, end int64 // end is when to open no more
	connected  atomic.Uint64
	subscribed atomic.Uint64
	closed     atomic.Uint64
	failed     atomic.Uint64
	open, most atomic.Int64
	busy, peak atomic.Int64  // workers with a connection
	next       atomic.Uint64 // number of the next connection
	begun      atomic.Uint64
	inTime     atomic.Uint64 // of them, those begun when they had to be
	last       atomic.Int64  // when the last attempt to connect was over
	cut        atomic.Int64  // when the run was interrupted; 0: it was not

	mu       sync.Mutex // guards what follows
	failures tally
	broker   report.Broker
	// unreached counts the connections that failed, by the end of the slot in which they were due.
	unreached map[int64]uint64

	steps [Steps]*histo.Recorder
	due   *histo.Recorder // to CONNECTED

	half *halfOpen
}

// Run opens and closes connections as cfg says. When ctx ends it opens no more, gives up attempts
// in progress, and disconnects within grace. Half-open connections are held to the end of their
// time, which may be after that of the others.
func Run(ctx context.Context, cfg Config) *Report {
	c := &churning{Config: cfg, clock: stamp.NewClock(), failures: tally{}, unreached: map[int64]uint64{}, due: histo.NewRecorder(), half: newHalfOpen(cfg.HalfOpen)}
	for i := range c.steps {
		c.steps[i] = histo.NewRecorder()
	}
	c.start, c.end = c.clock.Now(), math.MaxInt64
	opening, cancel := ctx, context.CancelFunc(func() {})
	if cfg.Duration > 0 {
		c.end = c.start + int64(cfg.Duration)
		opening, cancel = context.WithDeadline(ctx, c.clock.Time(c.end))
	}
	defer cancel()
	leaving, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	defer context.AfterFunc(ctx, func() {
		c.cut.Store(c.clock.Now())
		time.AfterFunc(grace, leave)
	})()
	stop := c.sample()
	var wg sync.WaitGroup
	for range cfg.Open {
		wg.Go(func() { c.work(ctx, opening, leaving) })
	}
	wg.Wait()
	c.half.going.Wait()
	stop()
	return c.report(ctx)
}

// work opens and closes one connection after the other, until opening ends.
func (c *churning) work(ctx, opening, leaving context.Context) {
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
			_, _ = pace.Wait(opening, due) // an error is that of opening
		}
		if opening.Err() != nil {
			return
		}
		c.begun.Add(1)
		if c.clock.Now() <= c.planned()+int64(catchUp) {
			c.inTime.Add(1)
		}
		if stage, ok := c.half.choose(n, time.Duration(c.clock.Now()-c.start)); ok {
			c.half.going.Go(func() { c.keep(ctx, stage) })
			continue
		}
		raise(&c.peak, c.busy.Add(1))
		c.one(ctx, leaving, due)
		c.busy.Add(-1)
	}
}

func (c *churning) dueAt(n uint64) int64 { return c.start + int64(float64(n)*1e9/c.Rate) }

// one opens and closes one connection. Once it is connected it goes through all steps, each within
// its timeout, and does not subscribe again after an interruption.
func (c *churning) one(ctx, leaving context.Context, due int64) {
	nc, ok := c.connect(ctx, due)
	if !ok {
		return
	}
	defer c.closed.Add(1)
	defer c.open.Add(-1)
	defer nc.Close()
	for i := 0; i < c.Subscriptions && ctx.Err() == nil; i++ {
		if !c.subscribe(leaving, nc, c.destination(i)) {
			return
		}
	}
	hold := time.NewTimer(c.Hold)
	defer hold.Stop()
	select {
	case <-hold.C:
	case <-ctx.Done():
	}
	c.do(leaving, Disconnect, nc.Disconnect)
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
		raise(&c.last, min(now, c.end))
		c.mu.Lock()
		c.unreached[(due-c.start)/int64(slot)+1]++
		c.mu.Unlock()
		return nil, false
	}
	raise(&c.last, now)
	if c.Rate > 0 {
		c.due.Record(now - due)
	}
	if c.connected.Add(1) == 1 {
		c.mu.Lock()
		s := sessionOf(nc)
		c.broker.Server, c.broker.STOMP = s.Headers.Get(frame.HeaderServer), s.Version.String()
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

func (c *churning) subscribe(ctx context.Context, nc *conn.Client, destination string) bool {
	var s *conn.Subscription
	o := conn.SubscribeOptions{Ack: c.Ack, Headers: c.SubscribeFields(sessionOf(nc).Dialect)}
	ok := c.do(ctx, Subscribe, func(ctx context.Context) (err error) {
		s, err = nc.Subscribe(ctx, destination, func(context.Context, *conn.Message) {}, o)
		return err
	})
	if !ok {
		return false
	}
	c.subscribed.Add(1)
	return c.do(ctx, Unsubscribe, s.Unsubscribe)
}

// do measures a step and counts its failure. A step that was given up because outside has ended is
// not a failure.
func (c *churning) do(outside context.Context, step Step, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(outside, c.ConnectTimeout)
	defer cancel()
	began := c.clock.Now()
	err := f(ctx)
	took := c.clock.Now() - began
	if err == nil && over(ctx) { // to the client, an unanswered DISCONNECT is no error
		err = context.DeadlineExceeded
	}
	if err == nil {
		c.steps[step].Record(took)
		return true
	}
	why := reason(err)
	given := over(outside)
	if given || why == noAnswer {
		c.steps[step].RecordAtLeast(took, 1)
	}
	if !given {
		c.failed.Add(1)
		c.mu.Lock()
		c.failures.add(step.String(), why)
		c.mu.Unlock()
	}
	return false
}

// over reports whether ctx has ended, or is about to: a socket that has the same
// deadline may be the first to say so.
func over(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(deadline)
}

// sample calls OnSample once a second, until the function that it returns is called.
func (c *churning) sample() (stop func()) {
	if c.OnSample == nil {
		return func() {}
	}
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
			c.OnSample(Sample{
				Elapsed:   time.Duration(c.clock.Now() - c.start),
				Connected: c.connected.Load(), Subscribed: c.subscribed.Load(),
				Closed: c.closed.Load(), Failed: c.failed.Load(), Open: c.open.Load(),
				HalfOpen: c.half.held.Load(),
			})
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
