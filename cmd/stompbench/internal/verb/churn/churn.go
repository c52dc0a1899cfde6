package churn

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
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
	Open, HalfOpen                        uint64
}

// grace is how long the steps in progress may still take when a run is interrupted.
const grace = 500 * time.Millisecond

// churning is one run.
type churning struct {
	Config
	clock      stamp.Clock
	start, end int64          // end is when to open no more
	half       sync.WaitGroup // half-open connections

	mu               sync.Mutex // guards what follows
	report           Report
	times            map[string]*histo.Histogram // by the names of Report.Latency
	open, busy, held level                       // connections, workers with one, half-open connections
	next             uint64                      // number of the next connection
	begun            uint64
	inTime           uint64 // of them, those begun when they had to be
	closed           uint64
	last             int64 // when the last attempt to connect was over
	cut              int64 // when the run was interrupted; 0: it was not
	// unreached counts the connections that failed, by the end of the slot in which they were due.
	unreached map[int64]uint64

	eligible, chosen, skipped uint64            // connections since half-open ones are allowed; of them, half-open ones
	failedBeside              map[string]uint64 // by the result of beside
	outcomes                  map[Stage]*HalfStage
}

// level is a number that goes up and down, and its maximum.
type level struct{ now, most uint64 }

func (l *level) up() {
	l.now++
	l.most = max(l.most, l.now)
}

// note changes the books.
func (c *churning) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// Run opens and closes connections as cfg says. When ctx ends it opens no more, gives up attempts
// in progress, and disconnects within grace. Half-open connections are held to the end of their
// time, which may be after that of the others.
func Run(ctx context.Context, cfg Config) *Report {
	c := &churning{
		Config: cfg, clock: stamp.NewClock(), end: math.MaxInt64,
		report: Report{Head: verb.HeadOf("churn", cfg.Plan), Failures: Failures{}}, times: map[string]*histo.Histogram{}, unreached: map[int64]uint64{}, failedBeside: map[string]uint64{}, outcomes: map[Stage]*HalfStage{},
	}
	for _, l := range latencies {
		c.times[l.name] = histo.New()
	}
	if cfg.Rate == 0 {
		delete(c.times, fromDue)
	}
	if cfg.HalfOpen.Share <= 0 {
		delete(c.times, beforeHalf)
		delete(c.times, withHalf)
	}
	for _, s := range cfg.HalfOpen.Stages {
		c.outcomes[s] = &HalfStage{Stage: s, How: Failures{}, Why: Failures{}, after: histo.New()}
	}
	c.start = c.clock.Now()
	opening, cancel := context.WithCancel(ctx)
	if cfg.Duration > 0 {
		c.end = c.start + int64(cfg.Duration)
		opening, cancel = context.WithDeadline(ctx, c.clock.Time(c.end))
	}
	defer cancel()
	leaving, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	defer context.AfterFunc(ctx, func() {
		c.note(func() { c.cut = c.clock.Now() })
		time.AfterFunc(grace, leave)
	})()
	if cfg.OnSample != nil {
		defer pacer.Every(time.Second, func() { cfg.OnSample(c.sample()) })()
	}
	var wg sync.WaitGroup
	for range cfg.Open {
		wg.Go(func() { c.work(ctx, opening, leaving) })
	}
	wg.Wait()
	c.half.Wait()
	return c.finish(ctx)
}

func (c *churning) sample() Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.report
	return Sample{time.Duration(c.clock.Now() - c.start), r.Opened, r.Subscribed, c.closed, r.Failed, c.open.now, c.held.now}
}

// work opens and closes one connection after the other, until opening ends.
func (c *churning) work(ctx, opening, leaving context.Context) {
	pace := pacer.New(c.clock.Now, time.Sleep) // a thread for each worker would be too many
	for {
		n := uint64(0)
		c.note(func() { n, c.next = c.next, c.next+1 })
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
		stage, half := c.begin(n)
		if half {
			c.half.Go(func() { c.keep(ctx, stage) })
			continue
		}
		c.one(ctx, leaving, due)
		c.note(func() { c.busy.now-- })
	}
}

// begin counts connection n, and reports whether it is to be half-open, and up to which stage.
func (c *churning) begin(n uint64) (s Stage, half bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	if c.clock.Now() <= c.planned()+int64(catchUp) {
		c.inTime++
	}
	if s, half = c.choose(n); !half {
		c.busy.up()
	}
	return s, half
}

func (c *churning) dueAt(n uint64) int64 { return c.start + int64(float64(n)*1e9/c.Rate) }

// one opens and closes one connection. Once it is connected it goes through all steps, each within
// its timeout, and does not subscribe again after an interruption.
func (c *churning) one(ctx, leaving context.Context, due int64) {
	nc, ok := c.connect(ctx, due)
	if !ok {
		return
	}
	defer c.note(func() { c.open.now, c.closed = c.open.now-1, c.closed+1 })
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
	c.do(leaving, disconnect, nc.Disconnect)
}

func (c *churning) connect(ctx context.Context, due int64) (nc *conn.Client, ok bool) {
	beside, began := c.beside(), c.clock.Now()
	ok = c.do(ctx, connect, func(ctx context.Context) (err error) {
		nc, err = c.Dial(ctx)
		return err
	})
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ok {
		c.last = max(c.last, min(now, c.end))
		c.unreached[(due-c.start)/int64(slot)+1]++
		if !over(ctx) {
			c.failedBeside[beside]++
		}
		return nil, false
	}
	c.last = max(c.last, now)
	if h := c.times[beside]; h != nil {
		h.Record(now - began)
	}
	if c.Rate > 0 {
		c.times[fromDue].Record(now - due)
	}
	if c.report.Opened++; c.report.Opened == 1 {
		c.report.Met(transport.Agreed(nc))
	}
	c.open.up()
	return nc, true
}

func (c *churning) subscribe(ctx context.Context, nc *conn.Client, destination string) bool {
	var s *conn.Subscription
	o := conn.SubscribeOptions{Ack: c.Ack, Headers: c.SubscribeFields(transport.Agreed(nc).Dialect)}
	ok := c.do(ctx, subscribe, func(ctx context.Context) (err error) {
		s, err = nc.Subscribe(ctx, destination, func(context.Context, *conn.Message) {}, o)
		return err
	})
	if !ok {
		return false
	}
	c.note(func() { c.report.Subscribed++ })
	return c.do(ctx, unsubscribe, s.Unsubscribe)
}

// do measures a step and counts its failure. A step that was given up because outside has ended is
// not a failure.
func (c *churning) do(outside context.Context, step string, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(outside, c.ConnectTimeout)
	defer cancel()
	began := c.clock.Now()
	err := f(ctx)
	took := c.clock.Now() - began
	if err == nil && over(ctx) { // to the client, an unanswered DISCONNECT is no error
		err = context.DeadlineExceeded
	}
	given := err != nil && over(outside)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch why := reason(err); {
	case err == nil:
		c.times[step].Record(took)
	case given, strings.HasPrefix(why, verb.NoAnswer):
		c.times[step].RecordAtLeast(took, 1)
	}
	if err != nil && !given {
		c.report.Failed++
		c.report.Failures.add(step, reason(err))
	}
	return err == nil
}

// over reports whether ctx has ended, or is about to: a socket that has the same
// deadline may be the first to say so.
func over(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(deadline)
}
