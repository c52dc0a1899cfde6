package batch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// inOthers are faults that are parts of others.
var inOthers = []metric.ID{metric.ConfirmedLost, metric.UnconfirmedLost}

// Faults lists everything that is wrong with a run.
func Faults(r *results.Result) string {
	var parts []string
	switch {
	case r.Failure != "":
		parts = append(parts, "it broke off: "+r.Failure)
	case r.ExitCode == exit.Interrupted:
		parts = append(parts, "interrupted")
	case r.ExitCode == exit.Generator:
		parts = append(parts, "the generator could not keep the rate: the result is invalid")
	}
	for _, d := range metric.With(metric.Fault) {
		if n := r.Count(d.ID); n > 0 && !slices.Contains(inOthers, d.ID) {
			parts = append(parts, report.Count(n)+" "+d.Label())
		}
	}
	if v := r.Verdict; v != nil && r.Plan.RatePerSec > 0 && !v.RateKept {
		parts = append(parts, fmt.Sprintf("rate of %s/s not kept", report.PerSecond(r.Plan.RatePerSec)))
	}
	for i := range r.SLO {
		if !r.SLO[i].Met {
			parts = append(parts, "not met: "+report.Outcome(&r.SLO[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// line returns the result of a run in one line.
func line(r *results.Result) string {
	var parts []string
	if r.Plan.Producers > 0 {
		parts = append(parts, "sent "+report.PerSecond(r.Value(metric.SentPerS))+"/s")
	}
	if r.Plan.Consumers > 0 {
		parts = append(parts, "received "+report.PerSecond(r.Value(metric.ReceivedPerS))+"/s")
	}
	for _, l := range metric.Latencies() {
		if d := r.Latency[l]; d.Count > 0 && (l != metric.FromDue || r.Plan.RatePerSec > 0) {
			parts = append(parts, fmt.Sprintf("%s p50 %s p99 %s", l.Label(), report.Duration(time.Duration(d.P50)), report.Duration(time.Duration(d.P99))))
			break
		}
	}
	return strings.Join(parts, ", ")
}
