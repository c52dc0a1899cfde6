package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/live"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/transport"
)

// run is the verb run.
func (c *command) run(ctx context.Context, args []string) int {
	f, s := newFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	notes, err := s.read(f)
	if err != nil {
		return c.fail(err)
	}
	if s.dryRun {
		return c.tellPlan(s, notes)
	}
	keep, err := keepIn(s.out)
	if err != nil {
		return c.fail(err)
	}
	progress := io.Writer(c.stderr)
	if s.quiet {
		progress = io.Discard
	}
	if err := s.export.start(progress); err != nil {
		return c.fail(err)
	}
	defer s.export.close(ctx)
	result, err := c.carryOut(ctx, s, keep, notes)
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(c.stderr, "stompbench: interrupted before the first message")
		return ExitInterrupted
	case err != nil:
		return c.fail(err)
	}
	return c.tell(s, keep, result)
}

// carryOut runs the plan, against a broker of our own if it names none.
func (c *command) carryOut(ctx context.Context, s *settings, keep *keeper, notes []string) (*load.Result, error) {
	p := &s.plan
	if p.Embedded {
		own, err := startBroker("127.0.0.1:0")
		if err != nil {
			return nil, &load.SetupError{Doing: "start the embedded broker", Err: err}
		}
		defer own.Close()
		if p.Broker, err = parseURI(own.URI()); err != nil {
			return nil, err
		}
	}
	dialer, err := transport.NewSTOMP(p)
	if err != nil {
		return nil, &load.SetupError{Doing: "start an event loop", Err: err}
	}
	defer dialer.Close()

	progress := io.Writer(c.stderr)
	if s.quiet {
		progress = io.Discard
	}
	screen := screenOf(progress)
	view := live.New(progress, p, live.Options{Terminal: screen.terminal, Width: screen.width, Color: screen.color})
	defer view.Close()
	return load.Run(ctx, load.Options{
		Plan: p, Dialer: dialer,
		OnReady:  func(r load.Ready) { fmt.Fprint(progress, banner(p, r, notes)) },
		OnSample: keep.sample(s.export.sample(view.Show)),
	})
}

// tell writes the result and returns the verdict.
func (c *command) tell(s *settings, keep *keeper, result *load.Result) int {
	rep := report.New(Version(), &s.plan, result)
	outcomes := s.slo.Judge(slo.FactsOf(result))
	rep.SLO = report.Conditions(outcomes)
	rep.Ceiling = ceilingFor(&s.plan, rep.Rates.Sent)
	code := s.judgedCode(exitCode(result), rep.Verdict, outcomes)
	rep.ExitCode = code
	switch {
	case result.Failure != nil:
		rep.Failure = broke(result.Failure)
	case code == ExitCannotRun:
		rep.Failure = broke(result.Refusal)
	}
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
