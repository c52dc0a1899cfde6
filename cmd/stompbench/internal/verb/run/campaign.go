package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// campaign carries out several runs and reports their summary. Every other round goes backwards. So a
// steady drift, such as the heat of a processor or the length of a broker's log, adds up to the same
// for all sides.
func (c *settings) campaign(ctx context.Context, sides []*batch.Side) error {
	b := &batch.Batch{Env: c.Env, Load: c.Load, File: summaryName, Pause: c.pause, Sides: sides, Observe: c.export.sample}
	for round := 1; round <= c.repeat; round++ {
		order := slices.Clone(sides)
		if round%2 == 0 {
			slices.Reverse(order)
		}
		for _, s := range order {
			t := &batch.Turn{Scenario: s.Name, Side: s, First: round == 1, Title: fmt.Sprintf("run %d of %d", len(b.Turns)+1, c.repeat*len(sides))}
			if s.Name != "" {
				t.Title += " (" + s.Name + ")"
			}
			if c.Out != "" { // names with the same number of digits sort by time
				t.Folder = filepath.ToSlash(filepath.Join(s.Name, fmt.Sprintf("run-%0*d", len(strconv.Itoa(c.repeat)), round)))
			}
			b.Turns = append(b.Turns, t)
		}
	}
	if c.DryRun {
		return b.TellPlan(planOf(b), c.schedule(b))
	}
	if err := b.Prepare(); err != nil {
		return err
	}
	progress := c.Progress(c.Quiet)
	if err := c.export.start(progress); err != nil {
		return err
	}
	defer c.export.close(ctx)
	fmt.Fprint(progress, c.schedule(b))
	code, err := b.Run(ctx)
	if err != nil {
		return err
	}
	return c.summarize(b, code)
}

// plannedRuns is what --dry-run --json writes of several runs.
type plannedRuns struct {
	Runs      int               `json:"runs"`
	Order     []string          `json:"order,omitempty"` // of scenarios, if there are several
	PauseSec  float64           `json:"pause_s"`
	TotalSec  *float64          `json:"total_s"` // without connecting and draining; null where a plan does not say
	Scenarios []plannedScenario `json:"scenarios"`
}

type plannedScenario struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	verb.PlannedRun
}

func planOf(b *batch.Batch) *plannedRuns {
	out := &plannedRuns{Runs: len(b.Turns), PauseSec: b.Pause.Seconds()}
	if d, known := total(b); known {
		seconds := d.Seconds()
		out.TotalSec = &seconds
	}
	for _, s := range b.Sides {
		out.Scenarios = append(out.Scenarios, plannedScenario{s.Name, s.Title, verb.PlanOf(s.Load, s.Notes)})
	}
	if len(b.Sides) > 1 {
		out.Order = order(b)
	}
	return out
}

func order(b *batch.Batch) (names []string) {
	for _, t := range b.Turns {
		names = append(names, t.Scenario)
	}
	return names
}

// schedule describes the order of the runs and how long they take.
func (c *settings) schedule(b *batch.Batch) string {
	var r verb.Rows
	text := report.Plural(len(b.Turns), "run")
	if len(b.Sides) > 1 {
		names := order(b)
		if len(names) > 12 {
			names = append(names[:12], "…")
		}
		text += fmt.Sprintf(", %d of each in turns: %s", c.repeat, strings.Join(names, " "))
	}
	if len(b.Turns) > 1 {
		text += ", " + report.Elapsed(b.Pause) + " between"
	}
	r.Add("series", "%s", text)
	if d, known := total(b); known {
		r.Add("time", "%s, and what each run takes to connect and to end", report.Elapsed(d.Round(time.Millisecond)))
	} else {
		r.Add("time", "open: as long as it takes to send so many messages")
	}
	if len(b.Turns) > 1 && slices.ContainsFunc(b.Sides, func(s *batch.Side) bool {
		return s.Plan.Consumers == 0 && !s.Plan.Embedded && s.Plan.Delivery == workload.Shared
	}) {
		r.Add("note", "no consumers: the messages of one run are still at the broker when the next one begins")
	}
	return r.String()
}

// total returns how long all runs send, including pauses; known is false if the plans do not
// determine it. With a rate and a count it follows from both.
func total(b *batch.Batch) (d time.Duration, known bool) {
	d = time.Duration(len(b.Turns)-1) * b.Pause
	for _, t := range b.Turns {
		p := &t.Side.Plan
		one := p.Warmup + p.Duration
		if p.Count > 0 && p.Rate > 0 && p.Producers > 0 {
			byCount := time.Duration(float64(p.Count) / p.Rate * float64(time.Second))
			if p.Duration == 0 || byCount < one {
				one = byCount
			}
		} else if p.Duration == 0 {
			return 0, false
		}
		d += one
	}
	return d, true
}
