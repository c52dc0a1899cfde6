package churn

import (
	"context"
	"fmt"
	"net"
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
	s.Load, s.cfg = own, Config{Plan: &own.Plan, Open: 16, Subscriptions: 1}
	s.Plan.Consumers = 0 // churn receives nothing
	c, h := &s.cfg, &s.cfg.HalfOpen
	f.Borrow(all, "uri")
	f.Add("rate,r", "", "connections to open a second; without it, as fast as possible", flags.Rate(&s.Plan.Rate))
	f.Add("open,x", "16", "connections that are open at a time, at most", flags.Int(&c.Open, 1, 100_000))
	f.Add("subscriptions,y", "1", "times that each connection subscribes and unsubscribes", flags.Int(&c.Subscriptions, 0, 1_000_000))
	f.Add("hold", "0", "how long to stay connected before leaving", flags.Time(&c.Hold, 0, 24*time.Hour))
	f.Add("duration,z", "10s", "how long to open connections; without a unit, seconds", flags.Time(&s.Plan.Duration, time.Millisecond, flags.MaxTime))
	f.Add("count,C", "", "open this many connections in all, however long it takes; k, M", flags.Count(&s.Plan.Count, 1))
	f.Add("consume-from,T", flags.DefaultDestination, "destination to subscribe to; %d in it becomes the number of the subscription", flags.Text(&s.Plan.PublishTo, "DEST"))
	h.Stages, h.Hold, h.Max = []Stage{AtTCP, AtConnect, AtConnected}, time.Minute, 100
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
	p := &s.Plan
	long := s.cfg.Hold
	if p.Duration > 0 {
		long = min(long, p.Duration)
	}
	held := p.Rate * long.Seconds()
	if p.Count > 0 {
		held = min(held, float64(p.Count))
	}
	if held <= float64(s.cfg.Open) {
		return s.completeHalf(f)
	}
	return flags.Usage("--rate %s with --hold %s keeps %s connections open, and --open is %d: raise --open, or lower one of the others",
		report.PerSecond(p.Rate), report.Elapsed(s.cfg.Hold), report.PerSecond(held), s.cfg.Open)
}

// completeHalf completes what is asked of half-open connections.
func (s *settings) completeHalf(f *pflag.FlagSet) error {
	h := &s.cfg.HalfOpen
	if h.Share == 0 {
		for _, name := range []string{"half-open-at", "half-open-hold", "half-open-max", "half-open-after"} {
			if f.Changed(name) {
				return flags.Usage("--%s means nothing without --half-open: add it, or leave this out", name)
			}
		}
		return nil
	}
	switch duration := s.Plan.Duration; {
	case duration > 0 && h.After >= duration:
		return flags.Usage("--half-open-after must be within --duration, which is %s", report.Elapsed(duration))
	case f.Changed("half-open-after"):
	case duration > 0:
		h.After = duration / 4
	default:
		h.AfterCount = s.Plan.Count / 4
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
	table := live.NewTable(progress, live.Options(verb.ScreenOf(progress)), columns)
	var dials, halves atomic.Int64
	cfg := s.cfg
	cfg.HalfOpen.Reach = func(ctx context.Context, stage Stage) (net.Conn, []byte, error) {
		return reach(ctx, p, int(halves.Add(1)-1), stage)
	}
	cfg.Dial = func(ctx context.Context) (*conn.Client, error) {
		n := int(dials.Add(1) - 1)
		return transport.Reach(ctx, p, n, p.Broker.At(n), conn.Config{Driver: loops, ReceiptTimeout: p.ConnectTimeout})
	}
	cfg.OnSample = table.Row
	r := Run(ctx, cfg)
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
var columns = []live.Column[Sample]{
	{Head: "time", Width: 8, Rank: 0, Cell: func(s Sample) string { return live.Elapsed(s.Elapsed) }},
	column("connected", 9, 1, func(s Sample) uint64 { return s.Connected }),
	column("subscribed", 10, 6, func(s Sample) uint64 { return s.Subscribed }),
	column("left", 9, 5, func(s Sample) uint64 { return s.Closed }),
	column("failed", 9, 2, func(s Sample) uint64 { return s.Failed }),
	column("open", 9, 3, func(s Sample) uint64 { return s.Open }),
	column("half-open", 9, 4, func(s Sample) uint64 { return s.HalfOpen }),
}

func column(head string, width, rank int, count func(Sample) uint64) live.Column[Sample] {
	return live.Column[Sample]{Head: head, Width: width, Rank: rank, Cell: func(s Sample) string { return live.Number(count(s)) }}
}
