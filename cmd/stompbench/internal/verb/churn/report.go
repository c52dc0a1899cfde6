package churn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// Counts is what a run counts, and a sample of it.
type Counts struct {
	Opened     uint64 `json:"opened"` // connections that got CONNECTED
	Subscribed uint64 `json:"subscribed"`
	Failed     uint64 `json:"failed"`
	Unopened   uint64 `json:"unopened"`  // connections that were due and never begun
	MostOpen   uint64 `json:"most_open"` // at a time
	Closed     uint64 `json:"-"`
	Held       uint64 `json:"-"` // half-open connections, now

	Elapsed time.Duration `json:"-"` // when they were sampled
}

// Open returns how many connections are open now, except half-open ones.
func (c Counts) Open() uint64 { return c.Opened - c.Closed }

// Report is the result of a run, in its JSON form.
type Report struct {
	verb.Head
	Counts
	OpenedPerS    float64                        `json:"opened_per_s"`
	SubscribedPer float64                        `json:"subscribed_per_s"`
	Failures      Failures                       `json:"failures"`
	Latency       map[string]metric.Distribution `json:"latency_ns"`
	HalfOpen      *HalfReport                    `json:"half_open,omitempty"`

	// Missed is the share of the connections that were due and not begun in the time that was
	// planned. AllBusy says that --open connections were in progress at a time.
	Missed  float64 `json:"-"`
	AllBusy bool    `json:"-"`
}

// HalfReport is the outcome of half-open connections, and of the others meanwhile.
type HalfReport struct {
	HoldNs   int64        `json:"hold_ns"`
	MostHeld uint64       `json:"most_held"`
	Skipped  uint64       `json:"skipped"` // completed instead, because --half-open-max were held
	Stages   []*HalfStage `json:"stages"`  // that were asked for
	// How many of the other connections failed that were begun before there were half-open ones, and
	// while some were held. Their latencies are connect_before_half_open and connect_with_half_open.
	FailedBefore uint64 `json:"others_failed_before"`
	FailedWith   uint64 `json:"others_failed_with"`

	chosen uint64 // half-open connections, also those that did not get so far
}

// HalfStage is the outcome of the half-open connections of one stage.
type HalfStage struct {
	Stage     Stage               `json:"stage"`
	Opened    uint64              `json:"opened"`  // reached the stage
	Refused   uint64              `json:"refused"` // did not reach it
	Closed    uint64              `json:"closed_by_broker"`
	StillOpen uint64              `json:"still_open"`      // after hold_ns
	Left      uint64              `json:"interrupted"`     // were open when the run was interrupted
	After     metric.Distribution `json:"closed_after_ns"` // from when they fell silent
	How       Failures            `json:"how_closed"`
	Why       Failures            `json:"why_refused"`

	after *histo.Histogram
}

// newReport returns a report without counts.
func newReport(c *Config) Report {
	r := Report{Head: verb.HeadOf("churn", c.Plan), Failures: Failures{}, Latency: map[string]metric.Distribution{}}
	if c.HalfOpen.IsZero() {
		return r
	}
	r.HalfOpen = &HalfReport{HoldNs: int64(c.HalfOpen.Hold)}
	for _, s := range stages {
		if slices.Contains(c.HalfOpen.Stages, s) {
			r.HalfOpen.Stages = append(r.HalfOpen.Stages, &HalfStage{Stage: s, How: Failures{}, Why: Failures{}, after: histo.New()})
		}
	}
	return r
}

// Failure is how often something failed for a reason.
type Failure struct {
	Step   string `json:"step,omitempty"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// Failures are different failures, the most frequent first.
type Failures []Failure

// maxReasons bounds the number of different failures; more count as other.
const (
	maxReasons = 100
	other      = "other"
)

func (f *Failures) add(step, reason string) {
	i := slices.IndexFunc(*f, func(x Failure) bool { return x.Step == step && x.Reason == reason })
	switch {
	case i >= 0:
		(*f)[i].Count++
	case len(*f) >= maxReasons && reason != other:
		f.add(step, other)
	default:
		*f = append(*f, Failure{step, reason, 1})
	}
	slices.SortFunc(*f, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Step, b.Step), strings.Compare(a.Reason, b.Reason))
	})
}

// reason returns one text for errors that differ only in ports and numbers.
func reason(err error) string {
	if server, ok := errors.AsType[*conn.ServerError](err); ok {
		return fmt.Sprintf("the broker says: %.100s", cmp.Or(server.Message, "ERROR"))
	}
	what, advice := verb.Diagnose(err)
	return fmt.Sprintf("%.100s: %s", what, advice)
}

// The steps of a connection, and what else has a latency.
const (
	connect     = "connect"     // to CONNECTED
	subscribe   = "subscribe"   // to the receipt
	unsubscribe = "unsubscribe" // to the receipt
	disconnect  = "disconnect"  // to the receipt
	fromDue     = "connect_from_due"
	beforeHalf  = "connect_before_half_open"
	withHalf    = "connect_with_half_open"
)

// latencies are the latencies in the order of the report, and their labels there.
var latencies = []struct{ name, label string }{
	{fromDue, "connect, from due"}, {connect, connect}, {beforeHalf, "before any half-open"}, {withHalf, "with half-open ones"},
	{subscribe, subscribe}, {unsubscribe, unsubscribe}, {disconnect, disconnect},
}

// finish closes the books.
func (c *churning) finish(ctx context.Context) *Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, until := &c.report, c.until()
	if c.schedule != nil {
		c.missing(until)
	}
	r.Partial = ctx.Err() != nil
	perSecond := func(n uint64) float64 {
		if n < 2 || until <= c.start {
			return 0 // a single event has no rate
		}
		return float64(n) * 1e9 / float64(until-c.start)
	}
	r.OpenedPerS, r.SubscribedPer = perSecond(r.Opened), perSecond(r.Subscribed)
	for name, h := range c.times {
		r.Latency[name] = metric.DistributionOf(h)
	}
	if r.HalfOpen != nil {
		for _, s := range r.HalfOpen.Stages {
			s.After = metric.DistributionOf(s.after)
		}
	}
	return r
}

// until returns until when connections were opened.
func (c *churning) until() int64 {
	until := max(c.start, c.last)
	if c.Count == 0 || c.begun < c.Count {
		until = max(until, c.end)
	}
	return min(until, c.clock.Now())
}

// missing counts the connections that were due until a time and never begun, and the share of those
// due that were not begun when they had to be. Those that were never connected count as latencies of
// at least the time from when they were due: otherwise a broker that stands still would have no
// latency.
func (c *churning) missing(until int64) {
	due := c.schedule.Before(min(until, c.end))
	if c.Count > 0 {
		due = min(due, c.Count)
	}
	r := &c.report
	r.Unopened = due - min(due, c.begun)
	for n := range due {
		if !c.reached.Has(n + 1) {
			c.times[fromDue].RecordAtLeast(until-c.schedule.Due(n), 1)
		}
	}
	r.Missed = float64(due-min(due, c.inTime)) / float64(max(due, 1))
}

// Code returns the exit code, and a sentence that explains it if the report does not. tolerance is
// the share of a rate that may be missed.
func (r *Report) Code(tolerance float64) (code int, why string) {
	const missed = "%.3g%% of the connections were due and not opened in time, "
	switch {
	case r.Failed > 0, r.Opened == 0 && !r.Partial:
		return exit.CannotRun, ""
	case r.Partial:
		return exit.Interrupted, ""
	case r.Missed <= tolerance:
		return exit.OK, ""
	case r.AllBusy:
		return exit.Rate, fmt.Sprintf(missed+"with all of --open in progress: the broker was too slow; raise --open or lower --rate", 100*r.Missed)
	}
	return exit.Generator, fmt.Sprintf(missed+"with fewer than --open in progress: this machine is too slow; lower --rate", 100*r.Missed)
}

// Text returns the report for people.
func (r *Report) Text() string {
	b := r.Begin()
	n := report.Count
	b.Add("connected", "%s opened, %s/s, at most %s at a time", n(r.Opened), report.PerSecond(r.OpenedPerS), n(r.MostOpen))
	b.Add("subscribed", "%s opened, %s/s", n(r.Subscribed), report.PerSecond(r.SubscribedPer))
	b.Some(r.Unopened, "connections were due and not opened")
	b.Add("failed", "%s", n(r.Failed))
	list := func(all Failures) {
		for _, f := range all {
			b.Some(f.Count, "× "+strings.TrimPrefix(f.Step+": ", ": ")+verb.OneLine(f.Reason))
		}
	}
	list(r.Failures)
	if h := r.HalfOpen; h != nil {
		b.Add("half-open", "at most %s at a time", n(h.MostHeld))
		b.Some(h.Skipped, "more were due, and finished since so many were held: see --half-open-max")
		for _, s := range h.Stages {
			b.Add("", "%s: %s", s.Stage, s.text(time.Duration(h.HoldNs)))
			list(s.How)
			list(s.Why)
		}
		b.Some(h.FailedBefore, "of the others failed before there were any")
		b.Some(h.FailedWith, "of the others failed while some were held")
	}
	var rows []report.LatencyRow
	for _, l := range latencies {
		rows = append(rows, report.LatencyRow{Name: l.label, Distribution: r.Latency[l.name]})
	}
	return b.String() + report.LatencyTable(rows...)
}

func (s *HalfStage) text(hold time.Duration) string {
	text := report.Count(s.Opened) + " opened"
	some := func(n uint64, format string, args ...any) {
		if n > 0 {
			text += ", " + report.Count(n) + " " + fmt.Sprintf(format, args...)
		}
	}
	some(s.Closed, "closed by the broker after p50 %s, max %s", report.Duration(time.Duration(s.After.P50)), report.Duration(time.Duration(s.After.Max)))
	some(s.StillOpen, "still open after %s", report.Elapsed(hold))
	some(s.Left, "open when the run was interrupted")
	some(s.Refused, "did not get so far")
	return text
}
