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
	*verb.Env
	*flags.Load
	repeating
	export
}

// Command makes the verb run.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{Env: env}
	cmd := &cobra.Command{Use: "run", Short: "send, receive, and report", Args: verb.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.run(cmd) }
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
	return own
}

func (s *settings) run(cmd *cobra.Command) error {
	if err := s.Read(cmd); err != nil {
		return err
	}
	several, err := s.repeating.check(cmd.Flags())
	if err != nil {
		return err
	}
	sides, err := s.sides(cmd.Flags())
	if err != nil {
		return err
	}
	if err := flags.Refuse(cmd.Flags(), s.address == "", "waits for scrapes, which need --prometheus: add it", "prometheus-wait"); err != nil {
		return err
	}
	if several {
		return s.campaign(cmd.Context(), sides)
	}
	return s.once(cmd.Context(), sides[0].Notes)
}

// once makes one run. The error has its exit code.
func (s *settings) once(ctx context.Context, notes []string) error {
	if s.DryRun {
		var r verb.Rows
		r.Planned(&s.Plan, notes)
		return s.Tell(s.JSON, verb.PlanOf(s.Load, notes), r.String)
	}
	keep, err := verb.KeepIn(s.Out)
	if err != nil {
		return err
	}
	progress := s.Progress(s.Quiet)
	if err := s.export.start(progress); err != nil {
		return err
	}
	defer s.export.close(ctx)
	result, err := batch.CarryOut(ctx, s.Env, s.Load, s.export.sample, keep, func(r load.Ready) string { return verb.Banner(&s.Plan, r, notes) })
	switch {
	case err != nil && ctx.Err() != nil:
		return verb.Interrupted
	case err != nil:
		return err
	}
	rep := verb.Judge(s.Load, result, keep.Series())
	if !s.JSON {
		fmt.Fprintln(progress)
	}
	if err := s.PrintReport(s.JSON, rep); err != nil {
		return err
	}
	if err := keep.Keep(progress, rep); err != nil {
		return verb.Failed(err, rep.ExitCode)
	}
	if rep.Failure != "" {
		return verb.Failed(errors.New("the run broke off: "+rep.Failure), rep.ExitCode)
	}
	return verb.Code(rep.ExitCode)
}
