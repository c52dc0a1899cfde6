package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/load"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// campaign is several runs one after the other.
type campaign struct {
	*command    // with the common settings
	sides       []*side
	turns       []*turn
	interrupted bool // before the last turn was over
}

// turn is one run of several, as the summary has it.
type turn struct {
	Scenario string `json:"scenario"`
	Folder   string `json:"folder"` // relative to that of the summary; "" if nothing is kept
	Made     bool   `json:"made"`   // there is a result, whole or partial
	Partial  bool   `json:"partial"`
	ExitCode int    `json:"exit_code"`
	Trouble  string `json:"trouble,omitempty"`

	side  *side
	title string
	first bool // of its side
	// result is nil if it was written to the folder: data that stays in memory from run to run
	// would change how often the garbage collector runs.
	result *results.Result
}

// newCampaign determines the order of the runs. Every other round goes backwards. So a steady drift,
// such as the heat of a processor or the length of a broker's log, adds up to the same for all sides.
func newCampaign(c *command, sides []*side) *campaign {
	m := &campaign{command: c, sides: sides}
	for round := 1; round <= c.repeat; round++ {
		order := slices.Clone(sides)
		if round%2 == 0 {
			slices.Reverse(order)
		}
		for _, s := range order {
			t := &turn{Scenario: s.name, side: s, first: round == 1, title: fmt.Sprintf("run %d of %d", len(m.turns)+1, c.repeat*len(sides))}
			if s.name != "" {
				t.title += " (" + s.name + ")"
			}
			if c.Out != "" { // names with the same number of digits sort by time
				t.Folder = filepath.ToSlash(filepath.Join(s.name, fmt.Sprintf("run-%0*d", len(strconv.Itoa(c.repeat)), round)))
			}
			m.turns = append(m.turns, t)
		}
	}
	return m
}

// dir returns the folder of a run, "" if nothing is kept.
func (m *campaign) dir(t *turn) string {
	if t.Folder == "" {
		return ""
	}
	return filepath.Join(m.Out, filepath.FromSlash(t.Folder))
}

// campaign carries out several runs and reports their summary.
func (c *command) campaign(ctx context.Context, sides []*side) error {
	m := newCampaign(c, sides)
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
	for i, t := range m.turns {
		if i > 0 {
			select {
			case <-time.After(c.pause):
			case <-ctx.Done():
			}
		}
		if m.interrupted = ctx.Err() != nil; m.interrupted {
			break
		}
		if goOn := m.turn(ctx, t, progress, i == len(m.turns)-1); !goOn {
			break
		}
	}
	return m.tell(progress)
}

// prepare checks that all results can be written before the first run, and that there are no runs
// from another time.
func (m *campaign) prepare() error {
	if m.Out == "" {
		return nil
	}
	if err := results.Prepare(m.Out); err != nil {
		return err
	}
	for _, s := range append([]*side{{}}, m.sides...) {
		dir := filepath.Join(m.Out, s.name)
		if inner := verb.Below(dir); inner[0] != dir {
			return flags.Usage("%s holds results already, such as that in %s: name another folder", m.Out, inner[0])
		}
	}
	if _, err := os.Lstat(filepath.Join(m.Out, summaryName)); err == nil {
		return flags.Usage("%s holds a %s already: name another folder", m.Out, summaryName)
	}
	return nil
}

// turn makes one run. It returns false if there can be no more: the first run of a side could not
// start, nothing can be written, or the user interrupted it. Any other failure does not stop the
// next runs.
func (m *campaign) turn(ctx context.Context, t *turn, progress io.Writer, last bool) (goOn bool) {
	l := *t.side.Load // a run may complete its plan
	fmt.Fprintf(progress, "\n%s\n", t.title)
	keep, err := verb.Record(m.dir(t))
	if err != nil {
		return m.cannot(t, err, false)
	}
	result, err := m.carryOut(ctx, &l, keep, func(p *workload.Plan, r load.Ready) string {
		if !t.first {
			return ""
		}
		return verb.Banner(p, r, t.side.notes)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		m.interrupted = true
		return false
	case err != nil:
		return m.cannot(t, err, !t.first)
	}
	rep := verb.Judge(&l, result)
	t.Partial, t.ExitCode, t.Trouble = rep.Partial, rep.ExitCode, trouble(rep)
	if err := keep.Keep(io.Discard, rep, result); err != nil {
		return m.cannot(t, err, false)
	}
	t.Made = true
	if t.Folder == "" {
		t.result = keep.Result(rep, result)
	}
	fmt.Fprintf(progress, "  %s\n", summaryLine(rep))
	if t.Trouble != "" {
		fmt.Fprintf(m.Stderr, "stompbench: %s: %s\n", t.title, t.Trouble)
	}
	if m.interrupted = result.Interrupted; m.interrupted {
		return false
	}
	if !l.Plan.Embedded && (result.Failure != nil || !result.Intact()) && !last {
		if err := verb.Drain(ctx, &l.Plan); err != nil && ctx.Err() == nil {
			fmt.Fprintf(m.Stderr, "stompbench: %s: what it left behind could not be cleared away: %s\n", t.title, verb.Sentence(err))
		}
	}
	return true
}

// cannot records and prints why a turn has no result.
func (m *campaign) cannot(t *turn, err error, goOn bool) bool {
	t.ExitCode, t.Trouble = verb.Worst(t.ExitCode, verb.ExitCannotRun), verb.Sentence(err)
	fmt.Fprintf(m.Stderr, "stompbench: %s: %s\n", t.title, t.Trouble)
	return goOn
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
