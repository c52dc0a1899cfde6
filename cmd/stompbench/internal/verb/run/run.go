// Package run is the verb run: it sends and receives by one plan, or by several in turn, and reports.
//
// Imports: packages flags, verb and verb/batch, and the packages of stompbench that make a run and its
// summaries.
package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
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
	cmd := &cobra.Command{Use: "run", Short: "send, receive, and report", Args: verb.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		return (&command{Env: env, settings: s}).run(cmd)
	}}
	s.addFlags(flags.New(cmd.Flags()))
	return cmd
}

func (s *settings) addFlags(f *flags.Set) *flags.Load {
	own, all := flags.NewLoad()
	s.Load = own
	f.BorrowAll(all)
	f.Group = "Judgement"
	s.export.addFlags(f)
	f.Group = "Several runs"
	s.repeating.addFlags(f)
	return s.Load
}

// command is one invocation.
type command struct {
	*verb.Env
	*settings
}

func (c *command) run(cmd *cobra.Command) error {
	f := cmd.Flags()
	if err := c.Read(cmd); err != nil {
		return err
	}
	several, err := c.repeating.check(f)
	if err != nil {
		return err
	}
	sides, err := c.sides(f)
	if err != nil {
		return err
	}
	if err := flags.Refuse(f, c.address == "", "waits for scrapes, which need --prometheus: add it", "prometheus-wait"); err != nil {
		return err
	}
	if several {
		return c.campaign(cmd.Context(), sides)
	}
	return c.once(cmd.Context(), sides[0])
}

// once makes one run.
func (c *command) once(ctx context.Context, side *batch.Side) error {
	if c.DryRun {
		return (&batch.Batch{Env: c.Env, Load: c.Load, Sides: []*batch.Side{side}}).TellPlan(verb.PlanOf(c.Load, side.Notes), "")
	}
	keep, err := verb.KeepIn(c.Out)
	if err != nil {
		return err
	}
	if err := c.export.start(c.Progress(c.Quiet)); err != nil {
		return err
	}
	defer c.export.close(ctx)
	result, err := batch.CarryOut(ctx, c.Env, c.Load, c.export.sample, keep, func(r load.Ready) string { return verb.Banner(&c.Plan, r, side.Notes) })
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.Interrupted
	case err != nil:
		return err
	}
	return c.tell(keep, result)
}

// tell writes the result. The error has its exit code.
func (c *command) tell(keep *verb.Keeper, result *load.Result) error {
	rep := verb.Judge(c.Load, result)
	progress := c.Progress(c.Quiet)
	if !c.JSON {
		fmt.Fprintln(progress)
	}
	if err := c.PrintReport(c.JSON, rep); err != nil {
		return err
	}
	if err := keep.Keep(progress, rep, result); err != nil {
		return verb.Failed(err, rep.ExitCode)
	}
	if rep.Failure != "" {
		return verb.Failed(errors.New("the run broke off: "+rep.Failure), rep.ExitCode)
	}
	return verb.Code(rep.ExitCode)
}
