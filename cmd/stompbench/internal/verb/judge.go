package verb

import (
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/calibrate"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Judge returns the result of a run with its verdict and exit code, and with its data if it has a
// series.
func Judge(l *flags.Load, result *load.Result, s *series.Series) *results.Result {
	rep := results.New(Version(), &l.Plan, result, s)
	outcomes := l.SLO.Judge(result)
	if l.Plan.Shared() {
		rep.SLODeferred = l.SLO.String()
	} else {
		rep.SLO = outcomes
	}
	rep.Ceiling = ceilingFor(&l.Plan, rep.Value(metric.SentPerS))
	rep.ExitCode = exitCode(l, result, rep.Verdict, outcomes)
	switch {
	case result.Failure != nil:
		rep.Failure = Broke(result.Failure)
	case rep.ExitCode == exit.CannotRun:
		rep.Failure = Broke(result.Refusal)
	}
	return rep
}

// exitCode returns the exit code of a run. Messages that a failed broker did not deliver do not
// count as lost, nor do those for which an interrupted run did not wait; but duplicate and damaged
// ones count. An invalid run cannot be compared with an SLO.
func exitCode(l *flags.Load, r *load.Result, v *verdict.Verdict, outcomes []slo.Outcome) int {
	lostAtMost := r.Books.Duplicated == 0 && r.Counts[metric.Corrupt] == 0
	switch {
	case lostAtMost && r.Failure != nil:
		return exit.CannotRun
	case lostAtMost && r.Interrupted && r.DrainCut:
		return exit.Interrupted
	case !r.Intact():
		return exit.Integrity
	case r.Interrupted:
		return exit.Interrupted
	case r.Refusal != nil:
		return exit.CannotRun
	case v.Invalid && !l.AcceptLimited:
		return exit.Generator
	case !l.Plan.Shared() && !slo.Met(outcomes):
		return exit.SLO
	case l.Plan.Rate > 0 && !v.RateKept && !v.Invalid:
		return exit.Rate
	}
	return exit.OK
}

// ceilingFor compares the rate of a run with the saved ceiling. It returns nil if there is none.
func ceilingFor(p *workload.Plan, perSecond float64) *results.Ceiling {
	c, err := calibrate.Load()
	if err != nil || p.Producers == 0 || perSecond <= 0 {
		return nil // not calibrated, or for another machine; or nothing to compare
	}
	point, ok := c.Nearest(calibrate.Setting{Producers: p.Producers, Size: p.Size, Window: p.Window})
	if !ok {
		return nil
	}
	return &results.Ceiling{
		PerSecond: point.PerSecond, Share: perSecond / point.PerSecond,
		Setting: point.Setting.String(), Measured: c.Measured.Format(time.RFC3339),
	}
}
