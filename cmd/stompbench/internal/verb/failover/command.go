// Package failover is the verb failover: a run at a steady rate while the broker goes away and comes
// back. Package load makes the run and its books. It sees two sessions that do not end; this package has
// the client below them, which reconnects, renews its subscription and redelivers unconfirmed messages,
// and records its outages. Messages keep being due meanwhile, so the latency from due includes the whole
// outage (no coordinated omission).
//
// Imports: broker, conn and frame of stompwire, and the packages of stompbench for flags, runs, reports
// and connections.
package failover

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of failover.
type settings struct {
	*verb.Env
	*flags.Load
	cfg Config
}

// Command makes the verb failover.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{Env: env}
	cmd := &cobra.Command{Use: "failover", Short: "send at a steady rate while the broker restarts", Args: verb.NoArgs}
	s.addFlags(flags.New(cmd.Flags()))
	cmd.RunE = env.RunE(s.Load, verb.Steps{Check: s.check, Plan: s.plan, Text: s.describe, Run: s.run})
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
	own, all := flags.NewLoad()
	p, c := &own.Plan, &s.cfg
	s.Load, c.Plan = own, p
	f.Borrow(all, "uri")
	f.Add("rate,r", "1k", "messages a second", flags.Rate(&p.Rate))
	f.Add("duration,z", "20s", "how long to send; without a unit, seconds", flags.Time(&p.Duration, time.Millisecond, flags.MaxTime))
	f.Add("restart-after", "5s", "when to restart the broker", flags.Time(&c.RestartAfter, 0, flags.MaxTime))
	f.Add("restart-cmd", "", "shell command that restarts the broker; without it, restart the broker yourself", flags.Text(&c.Command, "CMD"))
	f.Add("down", "1s", "how long the embedded broker stays away", flags.Time(&c.Down, 0, time.Hour))
	f.Borrow(all, "size", "confirm", "publish-to", "consume-from", "header", "persistent")
	f.Add("ack", "client-individual", "auto, client or client-individual", flags.Ack(&p.Ack))
	f.Borrow(all, "broker", "stomp", "heart-beat", "connect-timeout")
	f.Borrow(all, flags.TLS...)
	f.Borrow(all, "drain-timeout", "rate-tolerance", "dry-run", "json", "quiet")
	f.Lookup("uri").Usage = "the broker, as for run; several with commas between are tried in that order"
	f.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for, by which the client finds a broker that stands still; 0 for none"
}

// check finds flags that make no drill together.
func (s *settings) check(f *pflag.FlagSet) error {
	p, c := &s.Plan, &s.cfg
	after, down, duration := report.Elapsed(c.RestartAfter), report.Elapsed(c.Down), report.Elapsed(p.Duration)
	switch {
	case p.Window == 0:
		return flags.Usage("--confirm 0 asks for no receipts, and without them the client cannot know what to send again: raise it")
	case p.Rate > 1e6:
		return flags.Usage("--rate is %s: choose at most 1M messages a second", report.PerSecond(p.Rate))
	case c.RestartAfter >= p.Duration:
		return flags.Usage("--restart-after must be within --duration, which is %s", duration)
	case c.Command != "" && p.Embedded:
		return flags.Usage("--restart-cmd needs the --uri of the broker that it restarts; the embedded one is restarted as it is")
	case f.Changed("down") && !p.Embedded:
		return flags.Usage("--down is for the embedded broker, and --uri names another one: leave one of them out")
	case p.Embedded && c.RestartAfter+c.Down >= p.Duration:
		return flags.Usage("with --restart-after %s and --down %s the broker is not back within --duration, which is %s: change one of them",
			after, down, duration)
	case !p.Embedded:
		c.Down = 0
	}
	return nil
}

func (s *settings) run(ctx context.Context) error {
	own, err := verb.Embed(ctx, &s.Plan)
	if err != nil {
		return err
	}
	defer func() { verb.CloseOwn(own) }()
	progress := s.Progress(s.Quiet)
	fmt.Fprintln(progress, s.describe(nil))
	switch {
	case s.Plan.Embedded:
		s.cfg.Restart = func(ctx context.Context) (err error) {
			own, err = RestartBroker(ctx, own, s.cfg.Down)
			return err
		}
	case s.cfg.Command != "":
		s.cfg.Restart = func(ctx context.Context) error { return Shell(ctx, s.cfg.Command, progress) }
	}
	s.cfg.OnEvent = func(e Event) {
		fmt.Fprintf(progress, "%8.2fs  %-10s  %s\n", e.At.Seconds(), e.Lane, verb.OneLine(e.What))
	}
	r, err := Run(ctx, s.cfg)
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.Interrupted
	case err != nil:
		return err
	}
	failure := r.Why()
	r.ExitCode = r.code(failure, s.Plan.RateTolerance)
	if failure != nil {
		r.Failure = verb.Broke(failure)
	}
	if err := s.Tell(s.JSON, r, r.Text); err != nil {
		return err
	}
	switch {
	case failure != nil:
		return failure
	case r.ExitCode == exit.Rate:
		fmt.Fprintf(s.Stderr, "stompbench: %s messages were due and could not be sent: raise --duration, so that the broker can catch up, or lower --rate\n", report.Count(r.Unsent))
	}
	return verb.Code(r.ExitCode)
}

func (s *settings) plan(notes []string) any {
	return struct {
		verb.PlannedVerb
		Plan results.Plan `json:"plan"`
		*Config
	}{verb.PlannedVerbOf(&s.Plan, notes), results.PlanOf(&s.Plan), &s.cfg}
}

// describe describes the drill.
func (s *settings) describe(notes []string) string {
	p, after := &s.Plan, report.Elapsed(s.cfg.RestartAfter)
	var r verb.Rows
	r.Broker(p, nil)
	r.Add("producers", "1 to %s, %s", p.PublishTo, verb.Receipts(p))
	r.Add("messages", "%s/s for %s, %s", report.PerSecond(p.Rate), report.Elapsed(p.Duration), verb.Messages(p))
	r.Add("consumers", "1 of %s, ack %s", p.ConsumeFrom, p.Ack)
	switch {
	case p.Embedded:
		r.Add("restart", "of the embedded broker after %s, for %s; it keeps nothing", after, report.Elapsed(s.cfg.Down))
	case s.cfg.Command != "":
		r.Add("restart", "by %q after %s", s.cfg.Command, after)
	default:
		r.Add("restart", "yours to do, now")
	}
	r.Notes(notes)
	return r.String()
}
