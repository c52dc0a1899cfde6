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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Config says what a run of churn does. Of the plan it uses the destination to publish to, which is
// subscribed to, ack mode, rate, duration, count and the timeout to connect, which is that of each
// step; for half-open connections also the brokers and all that CONNECT needs. Either the duration or
// the count may be 0.
type Config struct {
	*workload.Plan `json:"-"`
	Open           int           `json:"open"`          // connections at a time, at most
	Subscriptions  int           `json:"subscriptions"` // of each connection, one after the other
	Hold           time.Duration `json:"hold_ns"`       // between the last receipt and leaving
	HalfOpen       HalfOpen      `json:"half_open,omitzero"`

	// Dial makes one connection. The client ends with it.
	Dial func(ctx context.Context) (*conn.Client, error) `json:"-"`
	// OnSample is called once a second, always on the same goroutine. May be nil.
	OnSample func(Counts) `json:"-"`
}

// destination returns the destination of subscription n of a connection, from 0.
func (c *Config) destination(n int) string {
	return strings.ReplaceAll(c.PublishTo, "%d", strconv.Itoa(n))
}

// grace is how long the steps in progress may still take when a run is interrupted.
const grace = 500 * time.Millisecond

// catchUp is how long after its planned end a run that opens a number of connections may still begin
// the last ones: a stall that was made up for is no missed rate.
const catchUp = time.Second

// churning is one run.
type churning struct {
	Config
	clock   stamp.Clock
	start   int64
	planned int64          // when the last connection is to be begun
	running sync.WaitGroup // workers and half-open connections

	mu       sync.Mutex      // guards what follows
	end      int64           // when to open no more, also because of an interruption
	schedule *pacer.Schedule // nil without a rate
	report   Report
	times    map[string]*histo.Histogram // by the names of Report.Latency
	next     uint64                      // number of the next connection
	begun    uint64
	inTime   uint64     // of them, those begun when they had to be
	busy     int        // complete connections that are in progress
	eligible uint64     // connections since half-open ones are allowed
	last     int64      // when the last attempt to connect was over
	reached  ledger.Set // connections that got CONNECTED, and half-open ones, by their number from 1
}

// note changes the books.
func (c *churning) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// record records a latency under those of the names that the run has.
func (c *churning) record(ns int64, names ...string) {
	for _, name := range names {
		if h := c.times[name]; h != nil {
			h.Record(ns)
		}
	}
}

// Run opens and closes connections as cfg says. When ctx ends it opens no more, gives up attempts
// in progress, and disconnects within grace. Half-open connections are held to the end of their
// time, which may be after that of the others.
func Run(ctx context.Context, cfg Config) *Report {
	c := &churning{
		Config: cfg, clock: stamp.NewClock(), end: math.MaxInt64,
		report: newReport(&cfg), times: map[string]*histo.Histogram{},
	}
	only := map[string]bool{fromDue: cfg.Rate > 0, beforeHalf: !cfg.HalfOpen.IsZero(), withHalf: !cfg.HalfOpen.IsZero()}
	for _, l := range latencies {
		if wanted, optional := only[l.name]; wanted || !optional {
			c.times[l.name] = histo.New()
		}
	}
	c.start = c.clock.Now()
	opening, cancel := context.WithCancel(ctx)
	defer cancel()
	if cfg.Duration > 0 {
		c.end = c.start + int64(cfg.Duration)
		opening, cancel = context.WithDeadline(ctx, c.clock.Time(c.end))
		defer cancel()
	}
	c.planned = c.end
	if cfg.Rate > 0 {
		c.schedule = pacer.NewSchedule(c.start, pacer.Constant(cfg.Rate), 0, 1)
		if cfg.Count > 0 {
			c.planned = min(c.end, c.schedule.Due(cfg.Count))
		}
	}
	leaving, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	defer context.AfterFunc(ctx, func() {
		c.note(func() { c.end = min(c.end, c.clock.Now()) })
		time.AfterFunc(grace, leave)
	})()
	if cfg.OnSample != nil {
		defer pacer.Every(time.Second, func() { cfg.OnSample(c.sample()) })()
	}
	for range cfg.Open {
		c.running.Go(func() { c.work(ctx, opening, leaving) })
	}
	c.running.Wait()
	return c.finish(ctx)
}

func (c *churning) sample() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Elapsed = time.Duration(c.clock.Now() - c.start)
	return c.report.Counts
}

// work opens and closes one connection after the other, until opening ends.
func (c *churning) work(ctx, opening, leaving context.Context) {
	pace := pacer.New(c.clock.Now, time.Sleep) // a thread for each worker would be too many
	for {
		n, due, ok := c.take()
		if !ok {
			return
		}
		_, _ = pace.Wait(opening, due) // an error is that of opening
		if opening.Err() != nil {
			return
		}
		if half, k := c.begin(n); half != nil {
			c.running.Go(func() { c.keep(ctx, half, k) })
			continue
		}
		c.one(ctx, leaving, n, due)
		c.note(func() { c.busy-- })
	}
}

// take returns the number of the next connection, if there is one, and when it is due: now without a rate.
func (c *churning) take() (n uint64, due int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, due = c.next, c.clock.Now()
	c.next++
	if c.schedule != nil {
		due = c.schedule.Due(n)
	}
	return n, due, (c.Count == 0 || n < c.Count) && due < c.end
}

// begin counts connection n. If it is to be half-open, it returns its stage and its number among those.
func (c *churning) begin(n uint64) (half *HalfStage, k int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	if c.clock.Now()-int64(catchUp) <= c.planned {
		c.inTime++
	}
	if half, k = c.choose(n); half == nil {
		c.busy++
		c.report.AllBusy = c.report.AllBusy || c.busy == c.Open
	} else {
		c.reached.Add(n + 1)
	}
	return half, k
}

// one opens and closes one connection. Once it is connected it goes through all steps, each within
// its timeout, and does not subscribe again after an interruption.
func (c *churning) one(ctx, leaving context.Context, n uint64, due int64) {
	nc, ok := c.connect(ctx, n, due)
	if !ok {
		return
	}
	defer c.note(func() { c.report.Closed++ })
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
	c.do(leaving, nc.Disconnect, disconnect)
}

func (c *churning) connect(ctx context.Context, n uint64, due int64) (nc *conn.Client, ok bool) {
	beside := c.beside()
	ok = c.do(ctx, func(ctx context.Context) (err error) {
		nc, err = c.Dial(ctx)
		return err
	}, connect, beside)
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.report
	if !ok {
		c.last = max(c.last, min(now, c.end))
		switch {
		case over(ctx):
		case beside == beforeHalf:
			r.HalfOpen.FailedBefore++
		case beside == withHalf:
			r.HalfOpen.FailedWith++
		}
		return nil, false
	}
	c.last = max(c.last, now)
	c.reached.Add(n + 1)
	c.record(now-due, fromDue)
	if r.Opened++; r.Opened == 1 {
		r.Met(transport.Agreed(nc))
	}
	r.MostOpen = max(r.MostOpen, r.Open())
	return nc, true
}

func (c *churning) subscribe(ctx context.Context, nc *conn.Client, destination string) bool {
	var s *conn.Subscription
	o := conn.SubscribeOptions{Ack: c.Ack, Headers: c.SubscribeFields(transport.Agreed(nc).Dialect)}
	if !c.do(ctx, func(ctx context.Context) (err error) {
		s, err = nc.Subscribe(ctx, destination, func(context.Context, *conn.Message) {}, o)
		return err
	}, subscribe) {
		return false
	}
	c.note(func() { c.report.Subscribed++ })
	return c.do(ctx, s.Unsubscribe, unsubscribe)
}

// do measures a step, also under another name, and counts its failure. A step that was given up because
// outside has ended is not a failure.
func (c *churning) do(outside context.Context, f func(context.Context) error, step string, also ...string) bool {
	ctx, cancel := context.WithTimeout(outside, c.ConnectTimeout)
	defer cancel()
	began := c.clock.Now()
	err := f(ctx)
	took := c.clock.Now() - began
	if err == nil && over(ctx) { // to the client, an unanswered DISCONNECT is no error
		err = context.DeadlineExceeded
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.record(took, append(also, step)...)
		return true
	}
	given, why := over(outside), reason(err)
	if given || strings.HasPrefix(why, verb.NoAnswer) {
		c.times[step].RecordAtLeast(took, 1)
	}
	if !given {
		c.report.Failed++
		c.report.Failures.add(step, why)
	}
	return false
}

// over reports whether ctx has ended, or is about to: a socket that has the same
// deadline may be the first to say so.
func over(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(deadline)
}
