package failover

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Config says what a drill does. The plan is that of a run of one producer and one consumer, with
// receipts, a rate and a duration. With ack mode auto, messages under way to the consumer would be lost.
type Config struct {
	*workload.Plan `json:"-"`
	RestartAfter   time.Duration `json:"restart_after_ns"`
	Command        string        `json:"restart_cmd,omitempty"`
	Down           time.Duration `json:"down_ns"` // of the embedded broker
	// Restart stops the broker and starts it again, RestartAfter the start; nil if something else does.
	Restart func(ctx context.Context) error `json:"-"`
	// OnEvent is called for each event, one at a time, on a goroutine of its own.
	OnEvent func(Event) `json:"-"`
}

// drill is what happens in a run besides what package load counts: the outages.
type drill struct {
	Config
	clock   stamp.Clock
	client  *conn.Client
	goodbye sync.Once // the run has two sessions of one client

	mu          sync.Mutex // guards what follows
	running     bool       // from the start until we disconnect; what happens otherwise is ignored
	id          uint64     // of the run
	start       int64
	report      Report
	outstanding int                // messages that were sent and have no outcome
	sending     bool               // a message is handed to the client
	silent      int64              // since when there are any, or one is handed over, and no outcome came
	open        map[string]*Outage // that are not over, by connection
	events      chan Event         // to the goroutine that calls OnEvent; sent to under mu, while running
}

// Run carries out a drill. An error means that no message was sent.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	d := &drill{
		Config: cfg, clock: stamp.NewClock(), open: map[string]*Outage{}, events: make(chan Event, 1024),
		report: Report{Head: verb.HeadOf("failover", cfg.Plan), SliceNs: int64(SliceLength)},
	}
	if err := d.connect(ctx); err != nil {
		return nil, &load.SetupError{Doing: "connect", Err: err}
	}
	defer d.client.Close()
	restarting, stop := context.WithCancel(ctx)
	defer stop()
	var background sync.WaitGroup
	var notRestarted error
	result, err := load.Run(ctx, load.Options{Plan: cfg.Plan, Dialer: d, OnReady: func(r load.Ready) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running, d.id, d.start = true, r.ID, d.clock.Now()
		background.Go(func() {
			for e := range d.events {
				d.OnEvent(e)
			}
		})
		if cfg.Restart != nil {
			background.Go(func() { notRestarted = d.restart(restarting) })
		}
	}})
	if err != nil {
		return nil, err
	}
	stop()
	d.end()
	close(d.events)
	background.Wait()
	if d.finish(result); !d.report.Partial {
		d.report.failure = cmp.Or(d.report.failure, notRestarted)
	}
	return &d.report, nil
}

// connect makes the client, which stays connected.
func (d *drill) connect(ctx context.Context) (err error) {
	d.client, err = transport.New(ctx, d.Plan, 0, d.Broker, conn.Config{
		Trace:   func(_ context.Context, e *conn.Event) { d.trace(e) },
		Backoff: conn.Backoff{Max: time.Second}, // so that the client's own pauses do not dominate the measurement
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.ConnectTimeout)
	defer cancel()
	if err := d.client.Connect(ctx); err != nil {
		_ = d.client.Close()
		return transport.Why(err)
	}
	d.report.Met(transport.Agreed(d.client))
	return nil
}

// restart restarts the broker.
func (d *drill) restart(ctx context.Context) error {
	if pause(ctx, time.Duration(d.start+int64(d.RestartAfter)-d.clock.Now())) != nil {
		return nil
	}
	d.event("", "restarting the broker")
	if err := d.Restart(ctx); err != nil {
		d.event("", "restarting the broker failed: "+err.Error())
		return fmt.Errorf("the restart failed: %w", err)
	}
	d.event("", "the restart is done")
	return nil
}

// end ends the record. It may be called again.
func (d *drill) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running {
		d.noteSilence(d.clock.Now())
	}
	d.running = false
}

// finish fills in what the run counted.
func (d *drill) finish(result *load.Result) {
	r, b := &d.report, &result.Books
	r.Partial, r.failure = result.Interrupted, result.Failure
	r.Sent, r.Confirmed, r.Rejected, r.Unknown, r.Unsent = b.Sent, b.Confirmed, b.Rejected, result.Unknown, result.Unsent
	r.Received, r.Lost, r.ConfirmedLost, r.Repeated, r.Duplicated = b.Received, b.Lost, b.ConfirmedLost, b.Redelivered, b.Duplicated
	r.Corrupt, r.Foreign = result.Counts[metric.Corrupt], result.Counts[metric.Foreign]
	r.Latency = map[metric.Latency]metric.Distribution{}
	for _, l := range []metric.Latency{metric.FromDue, metric.Confirm} {
		r.Latency[l] = metric.DistributionOf(result.Latencies[l])
	}
}
