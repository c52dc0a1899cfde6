package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// churned is the values of the flags of churn.
type churned struct {
	*settings
	open, subscriptions int
	hold                time.Duration
	half                churn.HalfOpen
}

func newChurnFlags() (*pflag.FlagSet, *churned) {
	all, common := newFlags()
	s := &churned{settings: common, open: 16, subscriptions: 1}
	s.plan.Consumers = 0 // churn receives nothing
	f := newFlagSet("churn")
	borrow(f, all, "uri")
	add := func(name, letter, kind, text, help string, v *value) {
		v.kind, v.text = kind, text
		f.VarP(v, name, letter, help)
	}
	add("rate", "r", "RATE", "", "connections to open a second; without it, as fast as they come", parsed(&s.plan.Rate, parseRate))
	add("open", "x", "N", "16", "connections that are open at a time, at most", parsed(&s.open, parseInt))
	add("subscriptions", "y", "N", "1", "times that each connection subscribes and unsubscribes", parsed(&s.subscriptions, parseInt))
	add("hold", "", "TIME", "0", "how long to stay connected before leaving", parsed(&s.hold, parseDuration))
	add("duration", "z", "TIME", "10s", "how long to open connections; without a unit, seconds", parsed(&s.plan.Duration, parseDuration))
	add("count", "C", "N", "", "open this many connections in all, however long it takes; k, M", parsed(&s.plan.Count, parseCount))
	add("consume-from", "T", "DEST", defaultDestination, "destination to subscribe to; %d in it becomes the number of the subscription", parsed(&s.plan.PublishTo, asIs))
	s.addHalfFlags(add)
	all.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for; half-open connections promise them as well, and send none; 0 for none"
	all.Lookup("broker").Usage = "whose habits to reckon with: rabbitmq, activemq or artemis; auto goes by what the broker says of itself"
	borrow(f, all, "ack", "broker", "stomp", "heart-beat", "source-address", "connect-timeout")
	borrow(f, all, tlsFlags...)
	borrow(f, all, "dry-run", "json", "quiet")
	return f, s
}

func (s *churned) complete(f *pflag.FlagSet) (notes []string, err error) {
	switch {
	case f.Changed("rate") && s.plan.Rate <= 0:
		return nil, usage("--rate 0 opens nothing: leave it out, or raise it")
	case s.open < 1 || s.open > 100_000:
		return nil, usage("--open is %d: choose from 1 to 100000", s.open)
	case s.subscriptions < 0 || s.subscriptions > 1_000_000:
		return nil, usage("--subscriptions is %d: choose from 0 to 1000000", s.subscriptions)
	case s.hold < 0 || s.hold > 24*time.Hour:
		return nil, usage("--hold is %v: choose from 0 to 24h", s.hold)
	}
	if notes, err = s.settings.complete(f); err != nil {
		return nil, err
	}
	return notes, s.checkHalf(f)
}

// churn is the verb churn.
func (c *command) churn(ctx context.Context, args []string) int {
	f, s := newChurnFlags()
	notes, code, done := c.planOf(f, args, s.complete)
	if done {
		return code
	}
	if s.dryRun {
		return c.tellChurnPlan(s, notes)
	}
	own, err := embed(ctx, &s.plan)
	if err != nil {
		return c.fail(err)
	}
	defer closeOwn(own)
	// Connections with little traffic share event loops, as in a run.
	loops, err := transport.Loops(ctx)
	if err != nil {
		return c.fail(&load.SetupError{Doing: "start an event loop", Err: err})
	}
	defer loops.Close()
	progress := c.progress(s.quiet)
	fmt.Fprintf(progress, "  broker       %s\n  connections  %s\n", brokerName(&s.plan, load.Ready{}), s.connections())
	if s.half.Share > 0 {
		fmt.Fprintf(progress, "  half-open    %s\n", s.tellHalf())
	}
	fmt.Fprint(progress, "\n    time connected subscribed      left   failed     open half-open\n")
	var dials, halves atomic.Int64
	s.half.Dialect = s.plan.Kind.Dialect()
	s.half.Reach = func(ctx context.Context, stage churn.Stage) (net.Conn, []byte, error) {
		return reachHalf(ctx, &s.plan, int(halves.Add(1)-1), stage)
	}
	r := churn.Run(ctx, churn.Config{
		Dial: func(ctx context.Context) (*conn.Client, error) {
			n := int(dials.Add(1) - 1)
			return transport.Reach(ctx, &s.plan, n, s.plan.Broker.At(n), &conn.Config{
				Driver: loops, ReceiptTimeout: s.plan.ConnectTimeout,
				HeartBeat: frame.HeartBeat{Send: s.plan.HeartBeat, Receive: s.plan.HeartBeat},
			})
		},
		Destination: func(n int) string { return strings.ReplaceAll(s.plan.PublishTo, "%d", fmt.Sprint(n)) },
		Ack:         s.plan.Ack, Fields: s.plan.SubscribeFields,
		Rate: s.plan.Rate, Open: s.open, Duration: s.plan.Duration, Count: s.plan.Count,
		Subscriptions: s.subscriptions, Hold: s.hold, Timeout: s.plan.ConnectTimeout, HalfOpen: s.half,
		OnSample: func(x churn.Sample) {
			fmt.Fprintf(progress, "%7.1fs %9s %10s %9s %8s %8d %9d\n", x.Elapsed.Seconds(), report.Count(x.Connected),
				report.Count(x.Subscribed), report.Count(x.Closed), report.Count(x.Failed), x.Open, x.HalfOpen)
		},
	})
	return c.tellChurn(s, r)
}

// connections describes how connections are opened.
func (s *churned) connections() string {
	pace := "as fast as they come"
	if s.plan.Rate > 0 {
		pace = report.PerSecond(s.plan.Rate) + "/s"
	}
	text := fmt.Sprintf("%s, at most %s open, %s each", pace, report.Count(uint64(s.open)), report.Plural(s.subscriptions, "subscription"))
	if s.hold > 0 {
		text += ", held for " + report.Elapsed(s.hold)
	}
	return text
}

// churnReport is the JSON form.
type churnReport struct {
	Schema        int                            `json:"schema"`
	Tool          string                         `json:"tool"`
	Version       string                         `json:"version"`
	Partial       bool                           `json:"partial"`
	ExitCode      int                            `json:"exit_code"`
	Broker        report.Broker                  `json:"broker"`
	Opened        uint64                         `json:"opened"`
	Subscribed    uint64                         `json:"subscribed"`
	Failed        uint64                         `json:"failed"`
	Unopened      uint64                         `json:"unopened"`
	MostOpen      int64                          `json:"most_open"`
	OpenedPerS    float64                        `json:"opened_per_s"`
	SubscribedPer float64                        `json:"subscribed_per_s"`
	Failures      []churnFailure                 `json:"failures"`
	Latency       map[string]report.Distribution `json:"latency_ns"`
	HalfOpen      *halfReport                    `json:"half_open,omitempty"`
}

type churnFailure struct {
	churn.Failure
	Count uint64 `json:"count"`
}

// tellChurn writes the result and returns the exit code: 1 if a connection failed.
func (c *command) tellChurn(s *churned, r *churn.Result) int {
	rep := churnReport{
		Schema: 1, Tool: "stompbench churn", Version: Version(), Partial: r.Interrupted,
		Broker: report.Broker{URI: s.plan.Broker.String(), Embedded: s.plan.Embedded, Server: r.Server, STOMP: r.Version},
		Opened: r.Opened, Subscribed: r.Subscribed, Failed: r.Failed, Unopened: r.Unopened, MostOpen: r.MostOpen,
		OpenedPerS: perSecond(r.Opened, r.Opening), SubscribedPer: perSecond(r.Subscribed, r.Opening),
		Failures: []churnFailure{}, Latency: map[string]report.Distribution{},
	}
	switch {
	case r.Failed > 0:
		rep.ExitCode = ExitCannotRun
	case r.Interrupted:
		rep.ExitCode = ExitInterrupted
	case r.Opened == 0:
		rep.ExitCode = ExitCannotRun
	}
	for failure, n := range r.Failures {
		rep.Failures = append(rep.Failures, churnFailure{failure, n})
	}
	slices.SortFunc(rep.Failures, func(a, b churnFailure) int {
		if a.Count != b.Count {
			return int(int64(b.Count) - int64(a.Count))
		}
		return strings.Compare(a.Step+a.Reason, b.Step+b.Reason)
	})
	for step, h := range r.Latency {
		rep.Latency[churn.Step(step).String()] = report.DistributionOf(h)
	}
	if r.FromDue.Count() > 0 {
		rep.Latency["connect_from_due"] = report.DistributionOf(r.FromDue)
	}
	if r.HalfOpen != nil {
		rep.HalfOpen = newHalfReport(r.HalfOpen, s.half.Hold)
		rep.Latency["connect_before_half_open"] = report.DistributionOf(r.HalfOpen.Before)
		rep.Latency["connect_with_half_open"] = report.DistributionOf(r.HalfOpen.With)
	}
	var err error
	if s.json {
		err = report.WriteObject(c.stdout, rep)
	} else {
		_, err = io.WriteString(c.stdout, rep.text(r))
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	return rep.ExitCode
}

func (rep *churnReport) text(r *churn.Result) string {
	var b strings.Builder
	if rep.Partial {
		b.WriteString("PARTIAL RESULT: interrupted\n")
	}
	fmt.Fprintf(&b, "\n  connections    %s opened, %s/s, at most %s at a time\n", report.Count(r.Opened), report.PerSecond(rep.OpenedPerS), report.Count(uint64(r.MostOpen)))
	fmt.Fprintf(&b, "  subscriptions  %s opened, %s/s\n", report.Count(r.Subscribed), report.PerSecond(rep.SubscribedPer))
	if r.Unopened > 0 {
		fmt.Fprintf(&b, "                 %s connections were due and not opened: raise --open, or lower --rate\n", report.Count(r.Unopened))
	}
	fmt.Fprintf(&b, "  failed         %s\n", report.Count(r.Failed))
	for _, f := range rep.Failures {
		fmt.Fprintf(&b, "                 %s × %s: %s\n", report.Count(f.Count), f.Step, oneLine(f.Reason))
	}
	rep.HalfOpen.write(&b)
	b.WriteByte('\n')
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "  latency\tp50\tp90\tp99\tp99.9\tmax\t\n")
	row := func(name string, h *histo.Histogram) {
		if h.Count() == 0 {
			return
		}
		fmt.Fprintf(w, "  %s\t", name)
		for _, p := range []float64{50, 90, 99, 99.9} {
			text := "-"
			if h.Tells(p) {
				text = report.Duration(h.Percentile(p))
			}
			fmt.Fprintf(w, "%s\t", text)
		}
		fmt.Fprintf(w, "%s\t\n", report.Duration(h.Max()))
	}
	row("connect, from due", r.FromDue)
	for step, h := range r.Latency {
		row(churn.Step(step).String(), h)
		if churn.Step(step) == churn.Connect && r.HalfOpen != nil {
			row("before any half-open", r.HalfOpen.Before)
			row("with half-open ones", r.HalfOpen.With)
		}
	}
	_ = w.Flush()
	return b.String()
}

func perSecond(n uint64, d time.Duration) float64 {
	if n < 2 || d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
