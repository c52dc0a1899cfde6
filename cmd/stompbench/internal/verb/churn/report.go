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

// Report is the result of a run, in its JSON form.
type Report struct {
	verb.Head
	Opened        uint64                         `json:"opened"` // connections that got CONNECTED
	Subscribed    uint64                         `json:"subscribed"`
	Failed        uint64                         `json:"failed"`
	Unopened      uint64                         `json:"unopened"`  // connections that were due and never begun
	MostOpen      uint64                         `json:"most_open"` // at a time
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
	HoldNs   int64       `json:"hold_ns"`
	MostHeld uint64      `json:"most_held"`
	Skipped  uint64      `json:"skipped"` // completed instead, because --half-open-max were held
	Stages   []HalfStage `json:"stages"`  // that were asked for
	// How many of the other connections failed that were begun before there were half-open ones, and
	// while some were held. Their latencies are connect_before_half_open and connect_with_half_open.
	FailedBefore uint64 `json:"others_failed_before"`
	FailedWith   uint64 `json:"others_failed_with"`
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

// Failure is how often something failed for a reason.
type Failure struct {
	Step   string `json:"step,omitempty"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// Failures are different failures.
type Failures []Failure

// maxReasons bounds the number of different failures; more count as "other".
const maxReasons = 100

func (f *Failures) add(step, reason string) {
	same := func(x Failure) bool { return x.Step == step && x.Reason == reason }
	i := slices.IndexFunc(*f, same)
	if i < 0 && len(*f) >= maxReasons {
		reason = "other"
		i = slices.IndexFunc(*f, same)
	}
	if i < 0 {
		i = len(*f)
		*f = append(*f, Failure{Step: step, Reason: reason})
	}
	(*f)[i].Count++
}

// sort puts the most frequent first.
func (f Failures) sort() {
	slices.SortFunc(f, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Step, b.Step), strings.Compare(a.Reason, b.Reason))
	})
}

// reason returns one text for errors that differ only in ports and numbers.
func reason(err error) string {
	var server *conn.ServerError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &server):
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
	r := &c.report
	until := c.until()
	c.missing(until)
	r.Partial, r.MostOpen, r.AllBusy = ctx.Err() != nil, c.open.most, c.busy.most == uint64(c.Open)
	r.OpenedPerS, r.SubscribedPer = perSecond(r.Opened, until-c.start), perSecond(r.Subscribed, until-c.start)
	r.Failures.sort()
	r.Latency = map[string]metric.Distribution{}
	for name, h := range c.times {
		r.Latency[name] = metric.DistributionOf(h)
	}
	if c.HalfOpen.Share <= 0 {
		return r
	}
	r.HalfOpen = &HalfReport{
		HoldNs: int64(c.HalfOpen.Hold), MostHeld: c.held.most, Skipped: c.skipped, Stages: []HalfStage{},
		FailedBefore: c.failedBeside[beforeHalf], FailedWith: c.failedBeside[withHalf],
	}
	for _, s := range stages {
		if x := c.outcomes[s]; x != nil {
			x.After = metric.DistributionOf(x.after)
			x.How.sort()
			x.Why.sort()
			r.HalfOpen.Stages = append(r.HalfOpen.Stages, *x)
		}
	}
	return r
}

// perSecond is 0 for a single event, which has no rate.
func perSecond(n uint64, ns int64) float64 {
	if n < 2 || ns <= 0 {
		return 0
	}
	return float64(n) * 1e9 / float64(ns)
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
			b.Add("", "%s × %s%s", n(f.Count), strings.TrimPrefix(f.Step+": ", ": "), verb.OneLine(f.Reason))
		}
	}
	list(r.Failures)
	if h := r.HalfOpen; h != nil {
		b.Add("half-open", "at most %s at a time", n(h.MostHeld))
		b.Some(h.Skipped, "more were due, and finished since so many were held: see --half-open-max")
		for i := range h.Stages {
			s := &h.Stages[i]
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
	parts := []string{report.Count(s.Opened) + " opened"}
	for _, part := range []struct {
		n    uint64
		what string
	}{
		{s.Closed, fmt.Sprintf("closed by the broker after p50 %s, max %s", report.Duration(time.Duration(s.After.P50)), report.Duration(time.Duration(s.After.Max)))},
		{s.StillOpen, "still open after " + report.Elapsed(hold)},
		{s.Left, "open when the run was interrupted"},
		{s.Refused, "did not get so far"},
	} {
		if part.n > 0 {
			parts = append(parts, report.Count(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ")
}
