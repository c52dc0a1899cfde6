package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// run is the verb run.
func (c *command) run(ctx context.Context, args []string) int {
	f, s := newFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if err := s.read(f); err != nil {
		return c.fail(err)
	}
	several, err := s.repeating.check(f)
	if err != nil {
		return c.fail(err)
	}
	sides, err := s.sides(f, args)
	if err != nil {
		return c.fail(err)
	}
	if several {
		return c.campaign(ctx, s, sides)
	}
	notes := sides[0].notes
	if s.dryRun {
		return c.tellPlan(s, notes)
	}
	keep, err := keepIn(s.out)
	if err != nil {
		return c.fail(err)
	}
	progress := c.progress(s.quiet)
	if err := s.export.start(progress); err != nil {
		return c.fail(err)
	}
	defer s.export.close(ctx)
	result, err := c.carryOut(ctx, s, keep, func(p *workload.Plan, r load.Ready) string { return banner(p, r, notes) })
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(c.stderr, "stompbench: interrupted before the first message")
		return ExitInterrupted
	case err != nil:
		return c.fail(err)
	}
	return c.tell(s, keep, result)
}

// carryOut runs the plan, against an embedded broker if it names none. hello makes the text before
// the table, once all are connected.
func (c *command) carryOut(ctx context.Context, s *settings, keep *keeper, hello func(*workload.Plan, load.Ready) string) (*load.Result, error) {
	p := &s.plan
	own, err := embed(ctx, p)
	if err != nil {
		return nil, err
	}
	defer closeOwn(own)
	dialer, err := newDialer(ctx, p)
	if err != nil {
		return nil, err
	}
	defer dialer.Close()

	progress := c.progress(s.quiet)
	screen := screenOf(progress)
	view := live.New(progress, p, live.Options{Terminal: screen.terminal, Width: screen.width, Color: screen.color})
	defer view.Close()
	return load.Run(ctx, load.Options{
		Plan: p, Dialer: dialer,
		OnReady:  func(r load.Ready) { fmt.Fprint(progress, hello(p, r)) },
		OnSample: keep.sample(s.export.sample(view.Show)),
	})
}

// judged returns the report of a result, with its verdict.
func (s *settings) judged(result *load.Result) *report.Report {
	rep := report.New(Version(), &s.plan, result)
	outcomes := s.slo.Judge(result)
	if s.plan.Shared() {
		rep.SLODeferred = s.slo.String()
	} else {
		rep.SLO = report.Conditions(outcomes)
	}
	rep.Ceiling = ceilingFor(&s.plan, rep.Rates.Sent)
	rep.ExitCode = s.judgedCode(exitCode(result), rep.Verdict, outcomes)
	switch {
	case result.Failure != nil:
		rep.Failure = broke(result.Failure)
	case rep.ExitCode == ExitCannotRun:
		rep.Failure = broke(result.Refusal)
	}
	return rep
}

// tell writes the result and returns the exit code.
func (c *command) tell(s *settings, keep *keeper, result *load.Result) int {
	rep := s.judged(result)
	code := rep.ExitCode
	var err error
	if s.json {
		err = rep.WriteJSON(c.stdout)
	} else {
		if !s.quiet {
			fmt.Fprintln(c.stderr)
		}
		err = rep.WriteText(c.stdout, report.Style{Color: screenOf(c.stdout).color})
	}
	if err != nil {
		return c.fail(fmt.Errorf("cannot write the result: %w", err))
	}
	if err := c.keep(keep, s.quiet, rep, result); err != nil {
		return max(c.fail(err), code)
	}
	if rep.Failure != "" {
		return max(c.fail(errors.New("the run broke off: "+rep.Failure)), code)
	}
	return code
}
