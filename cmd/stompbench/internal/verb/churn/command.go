// Package churn is the verb churn: it opens and closes connections and subscriptions, on a schedule if
// there is a rate, and measures how long each step takes. The latency from due includes the time that a
// connection waited for a worker (no coordinated omission). A share of the connections may be half-open:
// begun up to some stage, and then silent until the broker closes them or their time is over.
//
// Imports: conn, frame, parser and writer of stompwire, golang.org/x/sys to see the end of a connection
// without reading, and the packages of stompbench for flags, reports, due times, books and connections.
package churn

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of churn.
type settings struct {
	*verb.Env
	*flags.Load
	cfg Config
}

// Command makes the verb churn.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{Env: env}
	cmd := &cobra.Command{Use: "churn", Short: "open and close connections and subscriptions", Args: verb.NoArgs}
	s.addFlags(flags.New(cmd.Flags()))
	cmd.RunE = env.RunE(s.Load, verb.Steps{Check: s.check, Plan: s.plan, Text: s.describe, Run: s.run})
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
	own, all := flags.NewLoad()
	p, c, h := &own.Plan, &s.cfg, &s.cfg.HalfOpen
	s.Load, c.Plan = own, p
	p.Consumers = 0 // churn receives nothing
	f.Borrow(all, "uri")
	f.Add("rate,r", "", "connections to open a second; without it, as fast as possible", flags.Rate(&p.Rate))
	f.Add("open,x", "16", "connections that are open at a time, at most", flags.Int(&c.Open, 1, 100_000))
	f.Add("subscriptions,y", "1", "times that each connection subscribes and unsubscribes", flags.Int(&c.Subscriptions, 0, 1_000_000))
	f.Add("hold", "0", "how long to stay connected before leaving", flags.Time(&c.Hold, 0, 24*time.Hour))
	f.Add("duration,z", "10s", "how long to open connections; without a unit, seconds", flags.Time(&p.Duration, time.Millisecond, flags.MaxTime))
	f.Add("count,C", "", "open this many connections in all, however long it takes; k, M", flags.Count(&p.Count, 1))
	f.Add("consume-from,T", flags.DefaultDestination, "destination to subscribe to; %d in it becomes the number of the subscription",
		flags.Text(&p.PublishTo, "DEST"))
	f.Add("half-open", "", "share of the connections to begin and never finish, such as 10%", flags.Share(&h.Share, 1e-6, 0.9999))
	f.Add("half-open-at", "tcp,connect,connected", "how far they get, in turn: tcp, and not a byte; connect, half of CONNECT; connected, and then silent; subscribed, and then silent, and nothing is read",
		flags.List(&h.Stages, "STAGES", ParseStage))
	f.Add("half-open-hold", "1m", "how long to hold each of them, unless the broker ends it", flags.Time(&h.Hold, time.Millisecond, 24*time.Hour))
	f.Add("half-open-max", "100", "how many to hold at a time, at most", flags.Int(&h.Max, 1, 100_000))
	f.Add("half-open-after", "", "when to begin with them; without it, after a quarter of --duration or --count, so that there is something to compare with",
		flags.Time(&h.After, 0, flags.MaxTime))
	f.Borrow(all, "ack", "broker", "stomp", "heart-beat", "source-address", "connect-timeout")
	f.Borrow(all, flags.TLS...)
	f.Borrow(all, "rate-tolerance", "dry-run", "json", "quiet")
	f.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for; half-open connections promise them as well, and send none; 0 for none"
	f.Lookup("broker").Usage = "whose habits to reckon with: rabbitmq, activemq or artemis; auto goes by what the broker says of itself"
	f.Lookup("rate-tolerance").Usage = "share of the connections due by --rate that may be missing at the end; more is exit code 5, or 4 if this machine was too slow"
}

// check refuses a rate that --open makes impossible, and completes what is asked of half-open
// connections.
func (s *settings) check(f *pflag.FlagSet) error {
	p, h := &s.Plan, &s.cfg.HalfOpen
	long := s.cfg.Hold
	if p.Duration > 0 {
		long = min(long, p.Duration)
	}
	held := p.Rate * long.Seconds()
	if p.Count > 0 {
		held = min(held, float64(p.Count))
	}
	switch {
	case held > float64(s.cfg.Open):
		return flags.Usage("--rate %s with --hold %s keeps %s connections open, and --open is %d: raise --open, or lower one of the others",
			report.PerSecond(p.Rate), report.Elapsed(s.cfg.Hold), report.PerSecond(held), s.cfg.Open)
	case h.IsZero():
		return flags.Refuse(f, true, "means nothing without --half-open: add it, or leave this out",
			"half-open-at", "half-open-hold", "half-open-max", "half-open-after")
	case p.Duration > 0 && h.After >= p.Duration:
		return flags.Usage("--half-open-after must be within --duration, which is %s", report.Elapsed(p.Duration))
	case f.Changed("half-open-after"):
	case p.Duration > 0:
		h.After = p.Duration / 4
	default:
		h.AfterCount = p.Count / 4
	}
	return nil
}

func (s *settings) run(ctx context.Context) error {
	p := &s.Plan
	own, err := verb.Embed(ctx, p)
	if err != nil {
		return err
	}
	defer verb.CloseOwn(own)
	// Connections with little traffic share event loops, as in a run.
	loops, err := transport.Loops(ctx)
	if err != nil {
		return &load.SetupError{Doing: "start an event loop", Err: err}
	}
	defer loops.Close()
	progress := s.Progress(s.Quiet)
	fmt.Fprintln(progress, s.describe(nil))
	var dials atomic.Int64
	s.cfg.Dial = func(ctx context.Context) (*conn.Client, error) {
		n := int(dials.Add(1) - 1)
		return transport.Reach(ctx, p, n, p.Broker.At(n), conn.Config{Driver: loops, ReceiptTimeout: p.ConnectTimeout})
	}
	s.cfg.OnSample = live.NewTable(progress, live.Options(verb.ScreenOf(progress)), columns).Row
	r := Run(ctx, s.cfg)
	var why string
	r.ExitCode, why = r.Code(p.RateTolerance)
	if err := s.Tell(s.JSON, r, r.Text); err != nil {
		return err
	}
	if why != "" {
		fmt.Fprintln(s.Stderr, "stompbench:", why)
	}
	return verb.Code(r.ExitCode)
}

// columns are those of the table that is shown while connections are opened.
var columns = []live.Column[Counts]{
	{Head: "time", Width: 8, Rank: 0, Cell: func(c Counts) string { return live.Elapsed(c.Elapsed) }},
	column("connected", 9, 1, func(c Counts) uint64 { return c.Opened }),
	column("subscribed", 10, 6, func(c Counts) uint64 { return c.Subscribed }),
	column("left", 9, 5, func(c Counts) uint64 { return c.Closed }),
	column("failed", 9, 2, func(c Counts) uint64 { return c.Failed }),
	column("open", 9, 3, Counts.Open),
	column("half-open", 9, 4, func(c Counts) uint64 { return c.Held }),
}

func column(head string, width, rank int, count func(Counts) uint64) live.Column[Counts] {
	return live.Column[Counts]{Head: head, Width: width, Rank: rank, Cell: func(c Counts) string { return live.Number(count(c)) }}
}

func (s *settings) plan(notes []string) any {
	p := &s.Plan
	return struct {
		verb.PlannedVerb
		RatePerSec  float64 `json:"rate_per_s"` // 0: as fast as possible
		DurationSec float64 `json:"duration_s"` // 0: until count
		Count       uint64  `json:"count"`      // 0: until duration
		ConsumeFrom string  `json:"consume_from"`
		Ack         string  `json:"ack"`
		*Config
	}{verb.PlannedVerbOf(p, notes), p.Rate, p.Duration.Seconds(), p.Count, p.PublishTo, p.Ack.String(), &s.cfg}
}

// describe describes the run.
func (s *settings) describe(notes []string) string {
	p, c, h := &s.Plan, &s.cfg, &s.cfg.HalfOpen
	var r verb.Rows
	r.Broker(p, nil)
	pace, held, files := "as fast as possible", "", c.Open
	if p.Rate > 0 {
		pace = report.PerSecond(p.Rate) + "/s"
	}
	if c.Hold > 0 {
		held = ", held for " + report.Elapsed(c.Hold)
	}
	r.Add("connect", "%s, at most %s open, %s each%s", pace, report.Count(uint64(c.Open)), report.Plural(c.Subscriptions, "subscription"), held)
	if c.Subscriptions > 0 {
		r.Add("consumers", "of %s, ack %s", p.PublishTo, p.Ack)
	}
	if !h.IsZero() {
		files += h.Max
		after := report.Elapsed(h.After)
		if h.AfterCount > 0 {
			after = "the first " + report.Count(h.AfterCount)
		}
		r.Add("half-open", "%.3g%% of the connections after %s, at %s in turn, each for at most %s, at most %s at a time",
			100*h.Share, after, strings.Join(h.Stages, ", "), report.Elapsed(h.Hold), report.Count(uint64(h.Max)))
	}
	r.Add("until", "%s", verb.Ends(p, "connections are opened"))
	r.Notes(notes)
	if p.Embedded {
		files *= 2
	}
	r.Add("needs", "%s", report.Plural(files, "open file"))
	return r.String()
}
