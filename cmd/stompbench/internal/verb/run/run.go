// Package run is the verb run: it sends and receives by one plan, or by several in turn, and reports.
//
// Imports: packages flags, verb and verb/batch, and the packages of stompbench that make a run and its
// summaries.
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/prom"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
)

// settings are the values of the flags of run, and the runs that follow from them.
type settings struct {
	batch.Batch
	address    string // for Prometheus; "" for no export
	wait       time.Duration
	repeat     int
	interleave []string // scenario files
	several    bool     // --repeat 1 makes the same folders and the same summary as --repeat 10
}

// Command makes the verb run.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{Use: "run", Short: "send, receive, and report", Args: verb.NoArgs}
	s.addFlags(flags.New(cmd.Flags()))
	s.Env = env
	cmd.RunE = env.RunE(s.Load, verb.Steps{Complete: s.complete, Plan: s.plan, Text: s.text, Run: s.run})
	return cmd
}

func (s *settings) addFlags(f *flags.Set) *flags.Load {
	own, all := flags.NewLoad()
	s.Load = own
	f.BorrowAll(all)
	f.Group = "Judgement"
	f.Add("prometheus", "", "address to answer scrapes at, such as :9400; without a host, for this machine only",
		flags.Parsed(&s.address, "ADDR", parseAddress))
	f.Add("prometheus-wait", "", "how long to wait for a last scrape at the end", flags.Time(&s.wait, 0, flags.MaxTime))
	f.Group = "Several runs"
	s.addSeveral(f)
	return own
}

func (s *settings) complete(f *pflag.FlagSet) (notes []string, err error) {
	if err := s.checkSeveral(f); err != nil {
		return nil, err
	}
	if len(s.interleave) > 0 {
		err = s.addScenarios(f)
	} else {
		notes, err = s.Complete(f)
		s.Sides = []*batch.Side{{Load: s.Load, Notes: notes}}
	}
	if s.several {
		s.addTurns()
	}
	return notes, cmp.Or(err, flags.Refuse(f, s.address == "", "waits for scrapes, which need --prometheus: add it", "prometheus-wait"))
}

func (s *settings) plan(notes []string) any {
	if s.several {
		return s.planned()
	}
	return verb.PlanOf(s.Load, notes)
}

func (s *settings) text([]string) string { return s.Text(s.schedule()) }

func (s *settings) run(ctx context.Context) error {
	if s.several {
		if err := s.Prepare(summaryName); err != nil {
			return err
		}
	}
	stop, err := s.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if !s.several {
		return s.once(ctx)
	}
	fmt.Fprint(s.Progress(s.Quiet), s.schedule())
	code, err := s.Run(ctx)
	if err != nil {
		return err
	}
	return s.summarize(code)
}

// once makes one run. The error has its exit code.
func (s *settings) once(ctx context.Context) error {
	r, err := s.Make(ctx, s.Sides[0], s.Out, true)
	switch {
	case r == nil && ctx.Err() != nil:
		return verb.Interrupted
	case r == nil:
		return err
	}
	progress := s.Progress(s.Quiet)
	if !s.JSON {
		fmt.Fprintln(progress)
	}
	if err := s.PrintReport(s.JSON, r); err != nil {
		return err
	}
	switch {
	case err != nil:
		return verb.Failed(err, r.ExitCode)
	case s.Out != "":
		fmt.Fprintf(progress, "\nkept in %s\n", s.Out)
	}
	if r.Failure != "" {
		return verb.Failed(errors.New("the run broke off: "+r.Failure), r.ExitCode)
	}
	return verb.Code(r.ExitCode)
}

func parseAddress(s string) (string, error) { return flags.ListenAddress(prom.Listen(s)) }

// serve answers Prometheus, if it was asked to, until stop is called, which waits for the last scrape.
func (s *settings) serve(ctx context.Context) (stop func(), err error) {
	if s.address == "" {
		return func() {}, nil
	}
	server, err := prom.Serve(s.address)
	if err != nil {
		return nil, fmt.Errorf("cannot answer scrapes at %s: %w: choose another --prometheus", s.address, err)
	}
	fmt.Fprintf(s.Progress(s.Quiet), "  prometheus  %s\n", server.URL())
	s.OnSample = server.Add
	return func() {
		server.Done()
		if s.wait > 0 {
			ctx, cancel := context.WithTimeout(ctx, s.wait)
			defer cancel()
			_ = server.AwaitScrape(ctx) // a scraper that does not come in time is not waited for
		}
		_ = server.Close()
	}, nil
}
