// Package calibrate is the verb calibrate: it measures what this machine can send to a sink.
package calibrate

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/sink"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// settings are the values of the flags of calibrate.
type settings struct {
	each              time.Duration
	save, json, quiet bool
}

// Command makes the verb calibrate.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{each: time.Second}
	cmd := &cobra.Command{Use: "calibrate", Short: "measure what this machine can send at all", Args: verb.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), env) }
	f := flags.New(cmd.Flags())
	f.Add("duration,z", "1s", "how long to measure each setting", flags.Time(&s.each, time.Millisecond, time.Hour))
	f.Add("save", "false", "keep the result in the user's cache directory: run then says how near it came to it", flags.Switch(&s.save))
	f.Add("json", "false", "write the result as one JSON object", flags.Switch(&s.json))
	f.Add("quiet,q", "false", "show nothing but the result", flags.Switch(&s.quiet))
	f.Rename("each", "duration")
	return cmd
}

func (s *settings) run(ctx context.Context, env *verb.Env) error {
	progress := env.Progress(s.quiet)
	fmt.Fprintf(progress, "measuring %d settings and 2 timers, %v each …\n", len(calibrate.Settings), s.each)
	ceiling, err := calibrate.Measure(ctx, verb.Version(), s.each, func(ctx context.Context, set calibrate.Setting) (calibrate.Point, error) {
		return againstSink(ctx, set, s.each)
	}, func(p calibrate.Point) {
		fmt.Fprintf(progress, "  %-36s %12s/s\n", p.Setting, report.PerSecond(p.PerSecond))
	})
	switch {
	case ctx.Err() != nil:
		return verb.Code(exit.Interrupted)
	case err != nil:
		return err
	}
	if s.json {
		err = report.WriteObject(env.Stdout, ceiling)
	} else {
		err = writeCeiling(env.Stdout, ceiling)
	}
	if err == nil && s.save {
		var name string
		if name, err = ceiling.Save(); err == nil {
			fmt.Fprintf(progress, "saved as %s\n", name)
		}
	}
	return err
}

// againstSink sends flat out to a sink that it starts.
func againstSink(ctx context.Context, set calibrate.Setting, d time.Duration) (point calibrate.Point, err error) {
	ln, err := world.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return point, err
	}
	to := sink.On(ln)
	defer to.Close()
	l, _ := flags.NewLoad()
	p := &l.Plan
	p.Producers, p.Consumers, p.Size, p.Window, p.Duration, p.Versions = set.Producers, 0, set.Size, set.Window, d, frame.AllVersions
	if p.Broker, err = uri.Parse("stomp://" + to.Addr()); err != nil {
		return point, err
	}
	if _, err := p.Complete(); err != nil {
		return point, err
	}
	r, err := verb.Run(ctx, load.Options{Plan: p})
	if err == nil {
		err = r.Failure
	}
	if err != nil {
		return point, err
	}
	rep := results.New(verb.Version(), p, r, nil)
	return calibrate.Point{Setting: set, PerSecond: rep.Value(metric.SentPerS), CPUShare: rep.Verdict.ProcessShare}, nil
}

func writeCeiling(w io.Writer, c *calibrate.Ceiling) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "what this machine sends to a sink that throws everything away (%s, %d processors)\n\n", c.System, c.Cores)
	fmt.Fprint(t, "producers\tsize\twindow\tsent/s\tMiB/s\tprocessors used\t\n")
	for _, p := range c.Points {
		window := report.Count(uint64(p.Window))
		if p.Window == 0 {
			window = "no receipts"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%.1f\t%.0f %%\t\n", p.Producers, report.Size(float64(p.Size)), window,
			report.PerSecond(p.PerSecond), p.PerSecond*float64(p.Size)/(1<<20), 100*p.CPUShare)
	}
	fmt.Fprint(t, "\nhow late waiting for a moment is\tp50\tp99\tmax\t\n")
	for _, timer := range c.Timers {
		name := "pacer, up to 16 producers"
		if timer.Name != calibrate.PacerTimer {
			name = timer.Name + ", beyond"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", name, report.Duration(time.Duration(timer.P50)),
			report.Duration(time.Duration(timer.P99)), report.Duration(time.Duration(timer.Max)))
	}
	return t.Flush()
}
