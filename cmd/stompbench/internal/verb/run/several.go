package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// addSeveral adds the flags for several runs one after the other.
func (s *settings) addSeveral(f *flags.Set) {
	s.repeat = 1
	f.Add("repeat", "", "run this often, and report how far the runs lie apart; with --interleave, each scenario, and 2 if not given",
		flags.Int(&s.repeat, 1, 1000))
	f.Add("interleave", "", "scenario files with commas between that take turns, A B B A ..., and are compared; other flags apply to all of them",
		flags.List(&s.interleave, "FILES", parseFile))
	f.Add("pause", "1s", "between one run and the next", flags.Time(&s.Pause, 0, flags.MaxTime))
}

func parseFile(name string) (string, error) {
	if name == "" {
		return "", errors.New("a name is missing: write files with commas between")
	}
	return name, nil
}

// checkSeveral finds contradictions and fills in defaults.
func (s *settings) checkSeveral(f *pflag.FlagSet) error {
	n := len(s.interleave)
	s.several = f.Changed("repeat") || n > 0
	switch {
	case n == 1:
		return flags.Usage("--interleave takes turns, and %s is alone: name another file with a comma between, "+
			"or give it by --scenario with --repeat", s.interleave[0])
	case n > 26:
		return flags.Usage("--interleave has %d files: name up to 26", n)
	case s.several && f.Changed("run-id"):
		return flags.Usage("--run-id is the name of one run that several processes share: leave it out, or --repeat and --interleave")
	case !s.several && f.Changed("pause"):
		return flags.Usage("--pause is between runs, and there is one: give --repeat or --interleave too")
	case n > 1 && !f.Changed("repeat"):
		s.repeat = 2 // so that a steady drift cancels out between scenarios that take turns
	}
	return nil
}

// forAll are the flags that apply to all runs together, so that a file of --interleave cannot set
// them.
var forAll = []string{"repeat", "interleave", "pause", "out", "json", "quiet", "dry-run", "prometheus", "prometheus-wait", "run-id"}

// addScenarios adds those of each file of --interleave, on top of the common flags. Their names become
// folders next to the summary.
func (s *settings) addScenarios(common *pflag.FlagSet) error {
	taken := []string{verb.PageName, summaryName, results.Name}
	for _, path := range s.interleave {
		side, err := batch.NewSide(path, common, s.Plan.Seed, new(settings).addFlags, func(f *pflag.FlagSet) error {
			return flags.ReadScenario(f, "interleave", path, refuse)
		})
		if err != nil {
			return err
		}
		base := filepath.Base(path)
		if base = strings.TrimSuffix(base, filepath.Ext(base)); base == "" {
			base = "scenario"
		}
		side.Name = base
		for n := 2; slices.Contains(taken, strings.ToLower(side.Name)); n++ {
			side.Name = base + "-" + strconv.Itoa(n)
		}
		taken = append(taken, strings.ToLower(side.Name))
		s.Sides = append(s.Sides, side)
	}
	return nil
}

// refuse returns why a file of --interleave may not set a flag.
func refuse(flag *pflag.Flag) error {
	switch {
	case slices.Contains(forAll, flag.Name):
		return fmt.Errorf("%s is for all runs together: give it beside --interleave", flag.Name)
	case flag.Changed:
		return fmt.Errorf("%s is set for all runs already, by the command line, the environment or --scenario: leave it out there or here", flag.Name)
	}
	return nil
}

// addTurns orders the runs. Every other round goes backwards. So a steady drift, such as the heat of a
// processor or the length of a broker's log, adds up to the same for all sides.
func (s *settings) addTurns() {
	for round := 1; round <= s.repeat; round++ {
		order := slices.Clone(s.Sides)
		if round%2 == 0 {
			slices.Reverse(order)
		}
		for _, side := range order {
			t := &batch.Turn{Scenario: side.Name, Side: side, First: round == 1, Title: fmt.Sprintf("run %d of %d", len(s.Turns)+1, s.repeat*len(s.Sides))}
			if side.Name != "" {
				t.Title += " (" + side.Name + ")"
			}
			if s.Out != "" { // names with the same number of digits sort by time
				t.Folder = filepath.ToSlash(filepath.Join(side.Name, fmt.Sprintf("run-%0*d", len(strconv.Itoa(s.repeat)), round)))
			}
			s.Turns = append(s.Turns, t)
		}
	}
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

func (s *settings) planned() *plannedRuns {
	out := &plannedRuns{Runs: len(s.Turns), PauseSec: s.Pause.Seconds(), Order: s.order()}
	if d, known := s.total(); known {
		out.TotalSec = new(d.Seconds())
	}
	for _, side := range s.Sides {
		out.Scenarios = append(out.Scenarios, plannedScenario{side.Name, side.Title, verb.PlanOf(side.Load, side.Notes)})
	}
	return out
}

// order names the scenarios of the runs, if there are several.
func (s *settings) order() (names []string) {
	if len(s.Sides) == 1 {
		return nil
	}
	for _, t := range s.Turns {
		names = append(names, t.Scenario)
	}
	return names
}

// schedule describes the order of several runs and how long they take.
func (s *settings) schedule() string {
	if !s.several {
		return ""
	}
	var r verb.Rows
	text := report.Plural(len(s.Turns), "run")
	if names := s.order(); names != nil {
		if len(names) > 12 {
			names = append(names[:12], "…")
		}
		text += fmt.Sprintf(", %d of each in turns: %s", s.repeat, strings.Join(names, " "))
	}
	if len(s.Turns) > 1 {
		text += ", " + report.Elapsed(s.Pause) + " between"
	}
	r.Add("series", "%s", text)
	if d, known := s.total(); known {
		r.Add("time", "%s, and what each run takes to connect and to end", report.Elapsed(d.Round(time.Millisecond)))
	} else {
		r.Add("time", "open: as long as it takes to send so many messages")
	}
	if len(s.Turns) > 1 && slices.ContainsFunc(s.Sides, func(one *batch.Side) bool {
		return one.Plan.Consumers == 0 && !one.Plan.Embedded && one.Plan.Delivery == workload.Shared
	}) {
		r.Add("note", "no consumers: the messages of one run are still at the broker when the next one begins")
	}
	return r.String()
}

// total returns how long all runs send, including pauses; known is false if the plans do not
// determine it. With a rate and a count it follows from both.
func (s *settings) total() (d time.Duration, known bool) {
	d = time.Duration(len(s.Turns)-1) * s.Pause
	for _, t := range s.Turns {
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
