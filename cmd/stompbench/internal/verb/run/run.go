// Package run is the verb run: it sends and receives by one plan, or by several in turn, and reports.
//
// Imports: packages flags and verb, and the packages of stompbench that make a run, its live display
// and its summaries.
package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// settings are the values of the flags of run.
type settings struct {
	*flags.Load
	repeating
	export
}

// Command makes the verb run.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{Use: "run", Short: "send, receive, and report", Args: verb.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c := &command{Env: env, settings: s}
		return c.run(cmd)
	}
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) {
	own, all := flags.NewLoad()
	s.Load = own
	f.BorrowAll(all)
	f.Group = "Judgement"
	s.export.addFlags(f)
	f.Group = "Several runs"
	s.repeating.addFlags(f)
}

// command is one invocation.
type command struct {
	*verb.Env
	*settings
}

func (c *command) run(cmd *cobra.Command) error {
	f, s := cmd.Flags(), c.settings
	if err := s.Read(cmd); err != nil {
		return err
	}
	several, err := s.repeating.check(f)
	if err != nil {
		return err
	}
	sides, err := s.sides(f)
	if err != nil {
		return err
	}
	if err := s.export.check(); err != nil {
		return err
	}
	if several {
		return c.campaign(cmd.Context(), sides)
	}
	return c.once(cmd.Context(), sides[0].notes)
}

// once makes one run.
func (c *command) once(ctx context.Context, notes []string) error {
	if c.DryRun {
		return c.tellPlan(notes)
	}
	keep, err := verb.KeepIn(c.Out)
	if err != nil {
		return err
	}
	if err := c.export.start(c.Progress(c.Quiet)); err != nil {
		return err
	}
	defer c.export.close(ctx)
	result, err := c.carryOut(ctx, c.Load, keep, func(p *workload.Plan, r load.Ready) string { return verb.Banner(p, r, notes) })
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.Interrupted
	case err != nil:
		return err
	}
	return c.tell(keep, result)
}

func (c *command) tellPlan(notes []string) error {
	if c.JSON {
		return c.PrintObject(verb.PlanOf(c.Load, notes))
	}
	var r verb.Rows
	r.Planned(&c.Plan, notes)
	return c.Print(r.String())
}

// carryOut runs a plan, against an embedded broker if it names none. hello makes the text before the
// table, once all are connected.
func (c *command) carryOut(ctx context.Context, l *flags.Load, keep *verb.Keeper, hello func(*workload.Plan, load.Ready) string) (*load.Result, error) {
	p := &l.Plan
	own, err := verb.Embed(ctx, p)
	if err != nil {
		return nil, err
	}
	defer verb.CloseOwn(own)
	progress := c.Progress(c.Quiet)
	view := live.New(progress, p, live.Options(verb.ScreenOf(progress)))
	defer view.Close()
	return verb.Run(ctx, load.Options{
		Plan:         p,
		OnConnecting: func(done load.Connecting) { view.Starting(done) },
		OnReady: func(r load.Ready) {
			view.Close()
			fmt.Fprint(progress, hello(p, r))
		},
		OnSample: keep.Sample(c.export.sample(view.Show)),
	})
}

// tell writes the result. The error has its exit code.
func (c *command) tell(keep *verb.Keeper, result *load.Result) error {
	rep := verb.Judge(c.Load, result)
	progress := c.Progress(c.Quiet)
	var err error
	if c.JSON {
		err = rep.WriteJSON(c.Stdout)
	} else {
		fmt.Fprintln(progress)
		err = rep.WriteText(c.Stdout, report.Style{Color: verb.ScreenOf(c.Stdout).Color})
	}
	if err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	if err := keep.Keep(progress, rep, result); err != nil {
		return verb.Failed(err, rep.ExitCode)
	}
	if rep.Failure != "" {
		return verb.Failed(errors.New("the run broke off: "+rep.Failure), rep.ExitCode)
	}
	return verb.Code(rep.ExitCode)
}
