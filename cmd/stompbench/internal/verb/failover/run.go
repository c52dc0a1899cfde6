package failover

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/ledger"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pacer"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// run is the state of a drill.
type run struct {
	Config
	id        uint64
	clock     stamp.Clock
	start     int64               // set before anything is sent
	templates []workload.Template // of the user's headers

	mu               sync.Mutex // guards what follows
	report           Report
	seen             bool       // the start has passed; events count from then on
	confirmed        ledger.Set // by sequence number, as the others
	rejected         ledger.Set
	received         ledger.Set
	sentAt           []int64 // modulo its length
	silent           int64   // since when messages are outstanding and no outcome came
	fromDue, confirm *histo.Histogram
	open             map[string]*Outage // by connection; nil if it is not lost
	closed           bool               // the books are closed

	events chan Event // to the goroutine that calls OnEvent; sent to under mu, while not closed
}

// grace is how long an interrupted drill waits for what is on its way, and for the broker's goodbye.
const grace = 400 * time.Millisecond

// Run carries out a drill. An error means that no message was sent.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	r := &run{
		Config: cfg, events: make(chan Event, 1024), id: rand.Uint64() | 1, clock: stamp.NewClock(), sentAt: make([]int64, cfg.Window+1),
		fromDue: histo.New(), confirm: histo.New(), open: map[string]*Outage{}, report: Report{Head: verb.HeadOf("failover", cfg.Plan)},
	}
	cl, p, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var telling, restarting sync.WaitGroup
	telling.Go(func() {
		for e := range r.events {
			if r.OnEvent != nil {
				r.OnEvent(e)
			}
		}
	})
	defer telling.Wait()
	r.mu.Lock()
	r.start, r.seen = r.clock.Now(), true
	r.mu.Unlock()
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

func (r *run) connect(ctx context.Context) (cl *conn.Client, p *conn.Producer, err error) {
	cl, err = r.New(&conn.Config{
		Trace:   func(_ context.Context, e *conn.Event) { r.trace(e) },
		Backoff: conn.Backoff{Max: time.Second}, // so that the client's own pauses do not dominate the measurement
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.ConnectTimeout)
	defer cancel()
	defer func() {
		if err != nil {
			_ = cl.Close()
		}
	}()
	if err := cl.Connect(ctx); err != nil {
		return cl, nil, transport.Why(err)
	}
	s := transport.Agreed(cl)
	r.report.Met(s)
	for _, f := range r.Headers {
		r.templates = append(r.templates, workload.NewTemplate(f.Value, 0))
	}
	if _, err = cl.Subscribe(ctx, r.ConsumeFrom, r.message, conn.SubscribeOptions{Ack: r.Ack, Headers: r.SubscribeFields(s.Dialect)}); err != nil {
		return cl, nil, err
	}
	p, err = cl.NewProducer(conn.ProducerConfig{
		Destination: r.PublishTo, Headers: r.SendFields(s.Dialect), Window: r.Window,
		Redeliver: true, MaxBytes: 1 << 30, // the window bounds it
		OnOutcome: r.outcome,
	})
	return cl, p, err
}

// sendAll sends on schedule, and sends late messages as fast as possible.
func (r *run) sendAll(ctx context.Context, cl *conn.Client, p *conn.Producer) {
	pace := pacer.New(r.clock.Now, world.Sleep(ctx))
	bodies := r.NewBodies(0)
	end := r.start + int64(r.Duration)
	// A send that still waits for a connection when the time is up is given up.
	ctx, cancel := context.WithDeadline(ctx, r.clock.Time(end))
	defer cancel()
	seq := uint64(1)
	for ; r.due(seq) < end; seq++ {
		due := r.due(seq)
		if _, err := pace.Wait(ctx, due); err != nil {
			break
		}
		now := r.clock.Now()
		s := stamp.Stamp{Run: r.id, Sequence: seq, Due: due, Sent: now}
		body, sum := bodies.Next()
		stamp.Write(body, &s, sum)
		r.noteSent(seq, now)
		if _, err := p.Send(ctx, body, r.headersOf(seq)...); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				r.fail(err)
			}
			r.mu.Lock()
			r.report.Sent--
			r.mu.Unlock()
			break
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for until := min(r.clock.Now(), end); r.due(seq) < until; seq++ {
		r.report.Unsent++
		r.fromDue.RecordAtLeast(until-r.due(seq), 1)
	}
}

// due returns when a message is due. It is computed from its number, so that rounding errors do not
// add up.
func (r *run) due(seq uint64) int64 { return r.start + int64(float64(seq-1)*1e9/r.Rate) }

// headersOf returns the user's headers of a message.
func (r *run) headersOf(seq uint64) (h []frame.Field) {
	for i, t := range r.templates {
		h = append(h, frame.Field{Name: r.Headers[i].Name, Value: string(t.Append(nil, seq))})
	}
	return h
}

// noteSent records a message before Send, because the outcome may arrive before Send returns.
func (r *run) noteSent(seq uint64, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outstanding() == 0 {
		r.silent = now
	}
	r.report.Sent = seq
	r.sentAt[seq%uint64(len(r.sentAt))] = now
	r.slice(now).Sent++
}

// outstanding returns how many messages were sent and have no outcome. mu is held.
func (r *run) outstanding() uint64 {
	return r.report.Sent - r.confirmed.Len() - r.rejected.Len() - r.report.Unknown
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report.failure == nil {
		r.report.failure = err
	}
}

// slice returns the slice at a time. mu is held. The last slice holds everything after a day.
func (r *run) slice(now int64) *Slice {
	const most = int(24 * time.Hour / SliceLength)
	i := min(max(0, int((now-r.start)/int64(SliceLength))), most)
	for len(r.report.Slices) <= i {
		r.report.Slices = append(r.report.Slices, Slice{})
	}
	return &r.report.Slices[i]
}

// restart restarts the broker.
func (r *run) restart(ctx context.Context) {
	select {
	case <-time.After(time.Duration(r.start + int64(r.RestartAfter) - r.clock.Now())):
	case <-ctx.Done():
		return
	}
	r.event("", "restarting the broker")
	err, what := r.Restart(ctx), "the restart is done"
	if err != nil {
		what = "restarting the broker failed: " + err.Error()
	}
	r.event("", what)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.restartFailure = err
}

// outcome handles the outcome of a send.
func (r *run) outcome(o conn.Outcome) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.noteSilence(now)
	switch o.Status {
	case conn.Confirmed:
		r.confirmed.Add(o.Seq)
		r.slice(now).Confirmed++
		r.confirm.Record(now - r.sentAt[o.Seq%uint64(len(r.sentAt))])
		r.confirmedAgain()
	case conn.Rejected:
		r.rejected.Add(o.Seq)
	default:
		r.report.Unknown++
	}
}

// noteSilence records how long there was no outcome. mu is held.
func (r *run) noteSilence(now int64) {
	if silence := time.Duration(now - r.silent); silence > r.report.Silence {
		r.report.Silence, r.report.SilenceAt = silence, time.Duration(r.silent-r.start)
	}
	r.silent = now
}

// possibleDuplicate is the header of what the client sends again.
const possibleDuplicate = "x-possible-duplicate"

// message handles one message.
func (r *run) message(_ context.Context, m *conn.Message) {
	r.take(m, r.clock.Now())
	if r.Ack != frame.AckAuto {
		_ = m.Ack() // if the connection is gone, the broker delivers the message again
	}
}

func (r *run) take(m *conn.Message, now int64) {
	var s stamp.Stamp
	err := stamp.Read(m.Body, &s)
	again := m.Header.Get(possibleDuplicate)
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.report
	switch {
	case r.closed:
		return
	case errors.Is(err, stamp.ErrCorrupt):
		o.Corrupt++
		return
	case err != nil || s.Run != r.id || s.Sequence == 0:
		o.Foreign++
		return
	case r.received.Add(s.Sequence):
		r.fromDue.Record(now - s.Due)
	case m.Redelivered() || len(again) > 0:
		o.Repeated++
	default:
		o.Duplicated++
	}
	r.slice(now).Received++
	r.receivedAgain(time.Duration(now - s.Due))
}

// drain waits for outcomes and messages until all have arrived, or nothing has changed for
// DrainTimeout, or for grace if the drill was interrupted.
func (r *run) drain(ctx context.Context, cl *conn.Client, p *conn.Producer) {
	flushing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var flushed sync.WaitGroup
	flushed.Go(func() { _ = p.Flush(flushing) })
	defer flushed.Wait()
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	interrupted := make(chan struct{})
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { close(interrupted) }) })()
	var last uint64
	var silence pause.Silence
	for {
		progress, done := r.progress()
		if done || silence.Look(progress != last) > r.DrainTimeout {
			return
		}
		last = progress
		select {
		case <-tick.C:
		case <-cl.Done():
			r.fail(cl.Err())
			return
		case <-interrupted:
			return
		}
	}
}

// progress returns a number that changes when something arrives, and whether everything has.
func (r *run) progress() (n uint64, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.report
	pending := r.outstanding()
	return o.Sent - pending + r.received.Len() + o.Repeated + o.Duplicated,
		pending == 0 && r.received.Len()+o.Corrupt >= o.Sent-r.rejected.Len()
}

// finish closes the books and returns the report.
func (r *run) finish(ctx context.Context, cl *conn.Client) *Report {
	r.close(ctx.Err() != nil)
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	_ = cl.Disconnect(goodbye)
	return &r.report
}

func (r *run) close(interrupted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	close(r.events)
	for _, lane := range []string{producer, consumer} {
		if r.open[lane] != nil {
			r.over(lane)
		}
	}
	o := &r.report
	now := r.clock.Now()
	if r.outstanding() > 0 {
		r.noteSilence(now)
	}
	o.Partial = interrupted
	o.Confirmed, o.Rejected, o.Received = r.confirmed.Len(), r.rejected.Len(), r.received.Len()
	o.Unknown = o.Sent - min(o.Sent, o.Confirmed+o.Rejected)
	for seq := uint64(1); seq <= o.Sent; seq++ {
		if r.rejected.Has(seq) {
			continue
		}
		confirmed := r.confirmed.Has(seq)
		if !confirmed {
			r.confirm.RecordAtLeast(now-r.sentAt[seq%uint64(len(r.sentAt))], 1)
		}
		if !r.received.Has(seq) {
			r.fromDue.RecordAtLeast(now-r.due(seq), 1)
			o.Lost++
			if confirmed {
				o.ConfirmedLost++
			}
		}
	}
	o.Lost -= min(o.Lost, o.Corrupt)
	o.SliceNs = int64(SliceLength)
	o.Latency = map[string]metric.Distribution{"from_due": metric.DistributionOf(r.fromDue), "confirm": metric.DistributionOf(r.confirm)}
}
