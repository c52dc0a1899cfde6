// Package calibrate is the verb calibrate: it measures what this machine can send to a sink.
package calibrate

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/sink"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
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
		p, err := againstSink(ctx, set, s.each)
		if err == nil {
			fmt.Fprintf(progress, "  %-36s %12s/s\n", p.Setting, report.PerSecond(p.PerSecond))
		}
		return p, err
	})
	switch {
	case ctx.Err() != nil:
		return verb.Code(exit.Interrupted)
	case err != nil:
		return err
	}
	if err := env.Tell(s.json, ceiling, func() string { return textOf(ceiling) }); err != nil || !s.save {
		return err
	}
	name, err := ceiling.Save()
	if err == nil {
		fmt.Fprintf(progress, "saved as %s\n", name)
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
	p, err := planOf(set, to.Addr(), d)
	if err != nil {
		return point, err
	}
	r, err := verb.Run(ctx, load.Options{Plan: p})
	if err == nil {
		err = r.Failure
	}
	if err != nil {
		return point, err
	}
	return calibrate.Point{Setting: set, PerSecond: r.SentPerSecond(), CPUShare: verdict.Of(p, r).ProcessShare}, nil
}

// planOf is the plan that run would have for a setting.
func planOf(set calibrate.Setting, addr string, d time.Duration) (*workload.Plan, error) {
	l, f := flags.NewLoad()
	args := fmt.Sprintf("-u stomp://%s -x %d -y 0 -s %d -c %d -z %v", addr, set.Producers, set.Size, set.Window, d)
	if err := f.Parse(strings.Fields(args)); err != nil {
		return nil, err
	}
	_, err := l.Complete(f)
	return &l.Plan, err
}

// textOf writes the tables of settings and timers.
func textOf(c *calibrate.Ceiling) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
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
	names := map[string]string{calibrate.PacerTimer: "pacer, up to 16 producers", calibrate.RuntimeTimer: "time.Sleep, beyond"}
	late := func(ns int64) string { return report.Duration(time.Duration(ns)) }
	for _, timer := range c.Timers {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", names[timer.Name], late(timer.P50), late(timer.P99), late(timer.Max))
	}
	_ = t.Flush()
	return b.String()
}
