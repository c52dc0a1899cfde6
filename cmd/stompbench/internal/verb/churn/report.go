package churn

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// Report is the result of a run, in its JSON form.
type Report struct {
	Schema        int                            `json:"schema"`
	Tool          string                         `json:"tool"`
	Version       string                         `json:"version"`
	Partial       bool                           `json:"partial"` // interrupted
	ExitCode      int                            `json:"exit_code"`
	Broker        report.Broker                  `json:"broker"`
	Opened        uint64                         `json:"opened"` // connections that got CONNECTED
	Subscribed    uint64                         `json:"subscribed"`
	Failed        uint64                         `json:"failed"`
	Unopened      uint64                         `json:"unopened"`  // connections that were due and never begun
	MostOpen      int64                          `json:"most_open"` // at a time
	OpenedPerS    float64                        `json:"opened_per_s"`
	SubscribedPer float64                        `json:"subscribed_per_s"`
	Failures      []Failure                      `json:"failures"`
	Latency       map[string]report.Distribution `json:"latency_ns"`
	HalfOpen      *HalfReport                    `json:"half_open,omitempty"`

	// Missed is the share of the connections that were due and not begun in the time that was
	// planned. AllBusy says that --open connections were in progress at a time.
	Missed  float64 `json:"-"`
	AllBusy bool    `json:"-"`
}

// HalfReport is the outcome of half-open connections, and of the others meanwhile.
type HalfReport struct {
	HoldNs   int64       `json:"hold_ns"`
	MostHeld int64       `json:"most_held"`
	Skipped  uint64      `json:"skipped"` // completed instead, because --half-open-max were held
	Stages   []HalfStage `json:"stages"`  // that were asked for
	// How many of the other connections failed that were begun before there were half-open ones, and
	// while some were held. Their latencies are connect_before_half_open and connect_with_half_open.
	FailedBefore uint64 `json:"others_failed_before"`
	FailedWith   uint64 `json:"others_failed_with"`
}

// HalfStage is the outcome of the half-open connections of one stage.
type HalfStage struct {
	Stage     string              `json:"stage"`
	Opened    uint64              `json:"opened"`  // reached the stage
	Refused   uint64              `json:"refused"` // did not reach it
	Closed    uint64              `json:"closed_by_broker"`
	StillOpen uint64              `json:"still_open"`      // after hold_ns
	Left      uint64              `json:"interrupted"`     // were open when the run was interrupted
	After     report.Distribution `json:"closed_after_ns"` // from when they fell silent
	How       []Failure           `json:"how_closed"`
	Why       []Failure           `json:"why_refused"`
}

func (c *churning) report(ctx context.Context) *Report {
	until := c.until()
	opening := time.Duration(until - c.start)
	never, missed := c.missing(until)
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Report{
		Schema: 1, Tool: "stompbench churn", Partial: ctx.Err() != nil, Broker: c.broker,
		Opened: c.connected.Load(), Subscribed: c.subscribed.Load(), Failed: c.failed.Load(), Unopened: never, MostOpen: c.most.Load(),
		OpenedPerS: perSecond(c.connected.Load(), opening), SubscribedPer: perSecond(c.subscribed.Load(), opening),
		Failures: c.failures.list(), Latency: map[string]report.Distribution{}, HalfOpen: c.half.report(),
		Missed: missed, AllBusy: c.peak.Load() == int64(c.Open),
	}
	latency := func(name string, times *histo.Recorder) {
		h := histo.New()
		times.Drain(h)
		r.Latency[name] = report.DistributionOf(h)
	}
	for i := range c.steps {
		latency(Step(i).String(), c.steps[i])
	}
	if c.Rate > 0 {
		latency(fromDue, c.due)
	}
	if r.HalfOpen != nil {
		latency(beforeHalf, c.half.before)
		latency(withHalf, c.half.with)
	}
	return r
}

// The names of latencies other than those of the steps.
const (
	fromDue    = "connect_from_due"
	beforeHalf = "connect_before_half_open"
	withHalf   = "connect_with_half_open"
)

// perSecond is 0 for a single event, which has no rate.
func perSecond(n uint64, d time.Duration) float64 {
	if n < 2 || d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// Code returns the exit code, and a sentence that explains it if the report does not. tolerance is
// the share of a rate that may be missed.
func (r *Report) Code(tolerance float64) (code int, why string) {
	switch {
	case r.Failed > 0, r.Opened == 0 && !r.Partial:
		return verb.ExitCannotRun, ""
	case r.Partial:
		return verb.ExitInterrupted, ""
	case r.Missed <= tolerance:
		return verb.ExitOK, ""
	case r.AllBusy:
		return verb.ExitRate, fmt.Sprintf("%.3g%% of the connections were due and not opened in time: the broker took too long for the --open that were in progress; raise --open or lower --rate", 100*r.Missed)
	}
	return verb.ExitGenerator, fmt.Sprintf("%.3g%% of the connections were due and not opened in time, with fewer than --open in progress: this machine is too slow; lower --rate", 100*r.Missed)
}

// Text returns the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	row := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-13s  %s\n", label, fmt.Sprintf(format, args...))
	}
	list := func(failures []Failure) {
		for _, f := range failures {
			step := ""
			if f.Step != "" {
				step = f.Step + ": "
			}
			row("", "%s × %s%s", report.Count(f.Count), step, verb.OneLine(f.Reason))
		}
	}
	if r.Partial {
		b.WriteString("PARTIAL RESULT: interrupted\n")
	}
	b.WriteByte('\n')
	row("connections", "%s opened, %s/s, at most %s at a time", report.Count(r.Opened), report.PerSecond(r.OpenedPerS), report.Count(uint64(r.MostOpen)))
	row("subscriptions", "%s opened, %s/s", report.Count(r.Subscribed), report.PerSecond(r.SubscribedPer))
	if r.Unopened > 0 {
		row("", "%s connections were due and not opened", report.Count(r.Unopened))
	}
	row("failed", "%s", report.Count(r.Failed))
	list(r.Failures)
	if h := r.HalfOpen; h != nil {
		row("half-open", "at most %s at a time", report.Count(uint64(h.MostHeld)))
		if h.Skipped > 0 {
			row("", "%s more were due, and finished since so many were held: see --half-open-max", report.Count(h.Skipped))
		}
		for i := range h.Stages {
			s := &h.Stages[i]
			row("  "+s.Stage, "%s", s.text(time.Duration(h.HoldNs)))
			list(s.How)
			list(s.Why)
		}
		if h.FailedBefore+h.FailedWith > 0 {
			row("", "of the others failed: %s before there were any, %s while some were held", report.Count(h.FailedBefore), report.Count(h.FailedWith))
		}
	}
	var rows []report.LatencyRow
	for _, name := range [][2]string{
		{"connect, from due", fromDue}, {"connect", "connect"}, {"before any half-open", beforeHalf}, {"with half-open ones", withHalf},
		{"subscribe", "subscribe"}, {"unsubscribe", "unsubscribe"}, {"disconnect", "disconnect"},
	} {
		rows = append(rows, report.LatencyRow{Name: name[0], Distribution: r.Latency[name[1]]})
	}
	b.WriteString(report.LatencyTable(rows...))
	return b.String()
}

func (s *HalfStage) text(hold time.Duration) string {
	parts := []string{report.Count(s.Opened) + " opened"}
	add := func(n uint64, format string, args ...any) {
		if n > 0 {
			parts = append(parts, report.Count(n)+" "+fmt.Sprintf(format, args...))
		}
	}
	add(s.Closed, "closed by the broker after p50 %s, max %s", report.Duration(time.Duration(s.After.P50)), report.Duration(time.Duration(s.After.Max)))
	add(s.StillOpen, "still open after %s", report.Elapsed(hold))
	add(s.Left, "open when the run was interrupted")
	add(s.Refused, "did not get so far")
	return strings.Join(parts, ", ")
}
