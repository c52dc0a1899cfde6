package cli

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/sink"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/world"
)

// calibration is the values of the flags of calibrate.
type calibration struct {
	each              time.Duration
	save, json, quiet bool
}

func newCalibrateFlags() (*pflag.FlagSet, *calibration) {
	s := &calibration{each: time.Second}
	f := newFlagSet("calibrate")
	each := parsed(&s.each, parseDuration)
	each.kind, each.text = "TIME", "1s"
	f.VarP(each, "each", "z", "how long to measure each setting")
	addSwitch(f, &s.save, "save", "", "keep the result in the user's cache directory: run then says how near it came to it")
	addSwitch(f, &s.json, "json", "", "write the result as one JSON object")
	addSwitch(f, &s.quiet, "quiet", "q", "show nothing but the result")
	return f, s
}

// calibrate is the verb calibrate.
func (c *command) calibrate(ctx context.Context, args []string) int {
	f, s := newCalibrateFlags()
	if code, done := c.parse(f, args); done {
		return code
	}
	if f.NArg() > 0 {
		return c.fail(usage("%q is not a flag: see stompbench --help", f.Arg(0)))
	}
	if s.each <= 0 || s.each > time.Hour {
		return c.fail(usage("--each is %v: choose from above 0 to 1h", s.each))
	}
	progress := c.progress(s.quiet)
	fmt.Fprintf(progress, "measuring %d settings and 2 timers, %v each …\n", len(calibrate.Settings), s.each)
	ceiling, err := calibrate.Measure(ctx, Version(), s.each, func(ctx context.Context, set calibrate.Setting) (calibrate.Point, error) {
		return againstSink(ctx, set, s.each)
	}, func(p calibrate.Point) {
		fmt.Fprintf(progress, "  %-36s %12s/s\n", p.Setting, report.PerSecond(p.PerSecond))
	})
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case err != nil:
		return c.fail(err)
	}
	if s.json {
		err = report.WriteObject(c.stdout, ceiling)
	} else {
		err = writeCeiling(c.stdout, ceiling)
	}
	if err == nil && s.save {
		var name string
		if name, err = ceiling.Save(); err == nil {
			fmt.Fprintf(progress, "saved as %s\n", name)
		}
	}
	if err != nil {
		return c.fail(err)
	}
	return ExitOK
}

// startSink starts a sink in the world of ctx.
func startSink(ctx context.Context) (*sink.Sink, error) {
	w := world.Of(ctx)
	if w == nil {
		return sink.Listen()
	}
	ln, err := w.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return sink.On(ln), nil
}

// againstSink sends flat out to a sink that it starts.
func againstSink(ctx context.Context, set calibrate.Setting, d time.Duration) (calibrate.Point, error) {
	to, err := startSink(ctx)
	if err != nil {
		return calibrate.Point{}, err
	}
	defer to.Close()
	p := &workload.Plan{
		Producers: set.Producers, Size: set.Size, Window: set.Window, Duration: d, Versions: frame.AllVersions,
		PublishTo: defaultDestination, ConnectTimeout: 2 * defaultTimeout, DrainTimeout: defaultTimeout,
	}
	if p.Broker, err = parseURI("stomp://" + to.Addr()); err != nil {
		return calibrate.Point{}, err
	}
	if _, err := p.Complete(); err != nil {
		return calibrate.Point{}, err
	}
	dialer, err := newDialer(ctx, p)
	if err != nil {
		return calibrate.Point{}, err
	}
	defer dialer.Close()
	r, err := load.Run(ctx, load.Options{Plan: p, Dialer: dialer})
	if err != nil {
		return calibrate.Point{}, err
	}
	if r.Failure != nil {
		return calibrate.Point{}, r.Failure
	}
	rep := report.New(Version(), p, r)
	return calibrate.Point{Setting: set, PerSecond: rep.Rates.Sent, CPUShare: rep.Verdict.ProcessShare}, nil
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

// ceilingFor compares the rate of a run with the saved ceiling. It returns nil if there is none.
func ceilingFor(p *workload.Plan, perSecond float64) *report.Ceiling {
	if p.Producers == 0 || perSecond <= 0 {
		return nil
	}
	c, err := calibrate.Load()
	if err != nil {
		return nil // not calibrated, or for another machine
	}
	point, ok := c.Nearest(calibrate.Setting{Producers: p.Producers, Size: p.Size, Window: p.Window})
	if !ok {
		return nil
	}
	return &report.Ceiling{
		PerSecond: point.PerSecond, Share: perSecond / point.PerSecond,
		Setting: point.Setting.String(), Measured: c.Measured.Format(time.RFC3339),
	}
}
