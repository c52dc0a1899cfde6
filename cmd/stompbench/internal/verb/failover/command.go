package failover

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of failover.
type settings struct {
	*verb.Env
	*flags.Load
	command     string
	after, down time.Duration
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
	s.Load, s.after, s.down = own, 5*time.Second, time.Second
	s.Plan.Rate, s.Plan.Duration, s.Plan.Ack = 1000, 20*time.Second, frame.AckClientIndividual
	f.Borrow(all, "uri")
	f.Add("rate,r", "1k", "messages a second", flags.Rate(&s.Plan.Rate))
	f.Add("duration,z", "20s", "how long to send; without a unit, seconds", flags.Time(&s.Plan.Duration, time.Millisecond, flags.MaxTime))
	f.Add("restart-after", "5s", "when to restart the broker", flags.Time(&s.after, 0, flags.MaxTime))
	f.Add("restart-cmd", "", "shell command that restarts the broker; without it, restart the broker yourself", flags.Text(&s.command, "CMD"))
	f.Add("down", "1s", "how long the embedded broker stays away", flags.Time(&s.down, 0, time.Hour))
	f.Borrow(all, "size", "confirm", "publish-to", "consume-from", "header", "persistent")
	f.Add("ack", "client-individual", "auto, client or client-individual", flags.Ack(&s.Plan.Ack))
	f.Borrow(all, "broker", "stomp", "heart-beat", "connect-timeout")
	f.Borrow(all, flags.TLS...)
	f.Borrow(all, "drain-timeout", "rate-tolerance", "dry-run", "json", "quiet")
	f.Lookup("uri").Usage = "the broker, as for run; several with commas between are tried in that order"
	f.Lookup("heart-beat").Usage = "heart-beats to offer and to ask for, by which the client finds a broker that stands still; 0 for none"
}

// check finds flags that make no drill together.
func (s *settings) check(f *pflag.FlagSet) error {
	p := &s.Plan
	switch {
	case p.Window == 0:
		return flags.Usage("--confirm 0 asks for no receipts, and without them the client cannot know what to send again: raise it")
	case p.Rate > 1e6:
		return flags.Usage("--rate is %s: choose at most 1M messages a second", report.PerSecond(p.Rate))
	case s.after >= p.Duration:
		return flags.Usage("--restart-after must be within --duration, which is %s", report.Elapsed(p.Duration))
	case s.command != "" && p.Embedded:
		return flags.Usage("--restart-cmd needs the --uri of the broker that it restarts; the embedded one is restarted as it is")
	case f.Changed("down") && !p.Embedded:
		return flags.Usage("--down is for the embedded broker, and --uri names another one: leave one of them out")
	case p.Embedded && s.after+s.down >= p.Duration:
		return flags.Usage("with --restart-after %s and --down %s the broker is not back within --duration, which is %s: change one of them",
			report.Elapsed(s.after), report.Elapsed(s.down), report.Elapsed(p.Duration))
	}
	return nil
}

func (s *settings) run(ctx context.Context) error {
	p := &s.Plan
	own, err := verb.Embed(ctx, p)
	if err != nil {
		return err
	}
	defer func() { verb.CloseOwn(own) }()
	progress := s.Progress(s.Quiet)
	fmt.Fprintln(progress, s.describe(nil))
	var restart func(context.Context) error // nil if the user restarts the broker
	switch {
	case p.Embedded:
		restart = func(ctx context.Context) error {
			again, err := RestartBroker(ctx, own, s.down)
			if err == nil {
				own = again
			}
			return err
		}
	case s.command != "":
		restart = func(ctx context.Context) error { return Shell(ctx, s.command, progress) }
	}
	r, err := Run(ctx, Config{
		Plan: p, Restart: restart, RestartAfter: s.after,
		New: func(cfg *conn.Config) (*conn.Client, error) {
			return transport.New(ctx, p, 0, p.Broker, *cfg)
		},
		OnEvent: func(e Event) {
			fmt.Fprintf(progress, "%8.2fs  %-10s  %s\n", e.At.Seconds(), e.Lane, verb.OneLine(e.What))
		},
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.Interrupted
	case err != nil:
		return &load.SetupError{Doing: "connect", Err: err}
	}
	return s.tell(r)
}

// tell writes the report.
func (s *settings) tell(r *Report) error {
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

// code returns the exit code. tolerance is the share of the messages that may be unsent.
func (r *Report) code(failure error, tolerance float64) int {
	switch {
	case failure != nil:
		return exit.CannotRun
	// Without a confirmation, a message of an interrupted drill may be still on its way.
	case r.Duplicated+r.Corrupt+r.ConfirmedLost > 0, r.Lost > 0 && !r.Partial:
		return exit.Integrity
	case r.Partial:
		return exit.Interrupted
	case float64(r.Unsent) > tolerance*float64(r.Sent+r.Unsent):
		return exit.Rate
	}
	return exit.OK
}

// planned is what --dry-run --json writes.
type planned struct {
	verb.PlannedVerb
	Plan           results.Plan `json:"plan"`
	RestartAfterNs int64        `json:"restart_after_ns"`
	RestartCommand string       `json:"restart_cmd,omitempty"`
	DownNs         int64        `json:"down_ns"` // of the embedded broker
}

func (s *settings) plan(notes []string) any {
	p := &s.Plan
	out := planned{PlannedVerb: verb.PlannedVerbOf(p, notes), Plan: results.PlanOf(p), RestartAfterNs: int64(s.after), RestartCommand: s.command}
	if p.Embedded {
		out.DownNs = int64(s.down)
	}
	return out
}

// describe describes the drill.
func (s *settings) describe(notes []string) string {
	p := &s.Plan
	var r verb.Rows
	r.Broker(p)
	r.Add("producers", "1 to %s, %s", p.PublishTo, verb.Receipts(p))
	r.Add("messages", "%s/s for %s, %s", report.PerSecond(p.Rate), report.Elapsed(p.Duration), verb.Messages(p))
	r.Add("consumers", "1 of %s, ack %s", p.ConsumeFrom, p.Ack)
	switch {
	case p.Embedded:
		r.Add("restart", "of the embedded broker after %s, for %s; it keeps nothing", report.Elapsed(s.after), report.Elapsed(s.down))
	case s.command != "":
		r.Add("restart", "by %q after %s", s.command, report.Elapsed(s.after))
	default:
		r.Add("restart", "yours to do, now")
	}
	r.Notes(notes)
	return r.String()
}
