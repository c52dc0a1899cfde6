package run

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// campaign is several runs one after the other.
type campaign struct {
	*command // with the common settings
	sides    []*side
	turns    []*turn
	// interrupted: the user ended it before the last turn was over.
	interrupted bool
}

// outcome is the outcome of a turn.
type outcome struct {
	made    bool // there is a result, whole or partial
	partial bool
	code    int
	trouble string // what is wrong with it; "" if nothing is
	// result is nil if it was written to the folder: data that stays in memory from run to run
	// would change how often the garbage collector runs.
	result *results.Result
}

// campaign carries out several runs and reports their summary.
func (c *command) campaign(ctx context.Context, sides []*side) error {
	m := &campaign{command: c, sides: sides, turns: turnsOf(sides, c.repeat)}
	if c.DryRun {
		return m.tellPlan()
	}
	if err := m.prepare(); err != nil {
		return err
	}
	progress := c.Progress(c.Quiet)
	if err := c.export.start(progress); err != nil {
		return err
	}
	defer c.export.close(ctx)
	fmt.Fprint(progress, m.schedule())
	for _, t := range m.turns {
		if t.number > 1 {
			m.rest(ctx)
		}
		if ctx.Err() != nil {
			m.interrupted = true
			break
		}
		if goOn := m.turn(ctx, t, progress); !goOn {
			break
		}
	}
	return m.tell(progress)
}

// rest waits between two runs.
func (m *campaign) rest(ctx context.Context) {
	select {
	case <-time.After(m.pause):
	case <-ctx.Done():
	}
}

// turn makes one run. It returns false if there can be no more: the first run of a side could not
// start, nothing can be written, or the user interrupted it. Any other failure does not stop the
// next runs.
func (m *campaign) turn(ctx context.Context, t *turn, progress io.Writer) (goOn bool) {
	own := *t.Load // a run may complete its plan
	fmt.Fprintf(progress, "\n%s\n", m.title(t))
	keep, dir := verb.Record(m.dir(t)), m.dir(t)
	if dir != "" {
		if err := results.Prepare(dir); err != nil {
			m.cannot(t, err)
			return false
		}
	}
	result, err := m.carryOut(ctx, &own, keep, func(p *workload.Plan, r load.Ready) string {
		if t.round > 1 {
			return ""
		}
		return verb.Banner(p, r, t.notes)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		m.interrupted = true
		return false
	case err != nil:
		m.cannot(t, err)
		return t.round > 1
	}
	rep := verb.Judge(&own, result)
	t.made, t.partial, t.code, t.trouble = true, rep.Partial, rep.ExitCode, trouble(rep)
	t.result = keep.Result(rep, result)
	if dir != "" {
		if err := verb.WriteFolder(dir, t.result); err != nil {
			t.made = false
			m.cannot(t, err)
			return false
		}
		t.result = nil
	}
	fmt.Fprintf(progress, "  %s\n", summaryLine(rep))
	if t.trouble != "" {
		fmt.Fprintf(m.Stderr, "stompbench: %s: %s\n", m.title(t), t.trouble)
	}
	if result.Interrupted {
		m.interrupted = true
		return false
	}
	if !own.Plan.Embedded && (result.Failure != nil || !result.Intact()) && t.number < len(m.turns) {
		if err := verb.Drain(ctx, &own.Plan); err != nil && ctx.Err() == nil {
			fmt.Fprintf(m.Stderr, "stompbench: %s: what it left behind could not be cleared away: %s\n", m.title(t), verb.Sentence(err))
		}
	}
	return true
}

// cannot records and prints why a turn has no result.
func (m *campaign) cannot(t *turn, err error) {
	t.code, t.trouble = verb.Worst(t.code, verb.ExitCannotRun), verb.Sentence(err)
	fmt.Fprintf(m.Stderr, "stompbench: %s: %s\n", m.title(t), t.trouble)
}

// title describes which of the runs a turn is.
func (m *campaign) title(t *turn) string {
	text := fmt.Sprintf("run %d of %d", t.number, len(m.turns))
	if t.name != "" {
		text += " (" + t.name + ")"
	}
	return text
}

// trouble returns why the exit code of a run is not 0, "" if it is.
func trouble(rep *report.Report) string {
	switch rep.ExitCode {
	case verb.ExitOK:
		return ""
	case verb.ExitIntegrity:
		text := fmt.Sprintf("lost %s, duplicated %s, corrupt %s", report.Count(rep.Count(metric.Lost)),
			report.Count(rep.Count(metric.Duplicated)), report.Count(rep.Count(metric.Corrupt)))
		if rep.Failure != "" {
			text += ", and it broke off: " + rep.Failure
		}
		return text
	case verb.ExitInterrupted:
		return "interrupted"
	case verb.ExitGenerator:
		return "the generator could not keep the rate: the result is invalid"
	case verb.ExitRate:
		return fmt.Sprintf("the broker did not keep the rate: %s due and not sent", report.Count(rep.Count(metric.Unsent)))
	case verb.ExitSLO:
		var missed []string
		for i := range rep.SLO {
			if !rep.SLO[i].Met {
				missed = append(missed, rep.SLO[i].String())
			}
		}
		return "not met: " + strings.Join(missed, ", ")
	}
	return "it broke off: " + rep.Failure
}

// summaryLine returns the result of a run in one line.
func summaryLine(rep *report.Report) string {
	var parts []string
	if rep.Plan.Producers > 0 {
		parts = append(parts, "sent "+report.PerSecond(rep.Value(metric.SentPerS))+"/s")
	}
	if rep.Plan.Consumers > 0 {
		parts = append(parts, "received "+report.PerSecond(rep.Value(metric.ReceivedPerS))+"/s")
	}
	for _, l := range metric.Latencies() {
		if d := rep.Latency[l]; d.Count > 0 && (l != metric.FromDue || rep.Plan.RatePerSec > 0) {
			parts = append(parts, fmt.Sprintf("%s p50 %s p99 %s", l.Label(), report.Duration(time.Duration(d.P50)), report.Duration(time.Duration(d.P99))))
			break
		}
	}
	return strings.Join(parts, ", ")
}
