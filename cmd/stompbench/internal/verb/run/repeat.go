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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// repeating is the values of the flags for several runs one after the other.
type repeating struct {
	repeat     int
	interleave []string // scenario files
	pause      time.Duration
}

// Bounds and defaults of repeating. With at least two rounds a steady drift cancels out between
// scenarios that take turns.
const (
	maxRepeat     = 1000
	maxInterleave = 26
	defaultPause  = time.Second
	defaultRounds = 2
)

func (r *repeating) addFlags(f *flags.Set) {
	r.pause = defaultPause
	f.Add("repeat", "", "run this often, and tell how far the runs lie apart; with --interleave, each scenario, and 2 if not given", flags.Int(&r.repeat, 1, maxRepeat))
	f.Add("interleave", "", "scenario files with commas between that take turns, A B B A ..., and are compared; what other flags say is for all of them", flags.List(&r.interleave, "FILES", parseFile))
	f.Add("pause", "1s", "between one run and the next", flags.Time(&r.pause, 0, flags.MaxTime))
	f.Common("repeat")
}

func parseFile(name string) (string, error) {
	if name == "" {
		return "", errors.New("a name is missing: write files with commas between")
	}
	return name, nil
}

// check returns an error for contradictions, and fills in defaults. several reports whether there
// is more than a plain run: --repeat 1 makes the same folders and the same summary as --repeat 10.
func (r *repeating) check(f *pflag.FlagSet) (several bool, err error) {
	several = f.Changed("repeat") || len(r.interleave) > 0
	switch n := len(r.interleave); {
	case n == 1:
		return false, flags.Usage("--interleave takes turns, and %s is alone: name another file with a comma between, or give it by --scenario with --repeat", r.interleave[0])
	case n > maxInterleave:
		return false, flags.Usage("--interleave has %d files: name up to %d", n, maxInterleave)
	case several && f.Changed("run-id"):
		return false, flags.Usage("--run-id is the name of one run that several processes share: leave it out, or --repeat and --interleave")
	case !several && f.Changed("pause"):
		return false, flags.Usage("--pause is between runs, and there is one: give --repeat or --interleave too")
	case f.Changed("repeat"):
	case n > 1:
		r.repeat = defaultRounds
	default:
		r.repeat = 1
	}
	return several, nil
}

// side is a scenario that is run, possibly in turn with others.
type side struct {
	*flags.Load
	name  string // "" if it is the only one
	file  string // the file that it was read from, with --interleave
	notes []string
}

// forAll are the flags that apply to all runs together, so that a file of --interleave cannot set
// them.
var forAll = map[string]bool{
	"repeat": true, "interleave": true, "pause": true, "out": true, "json": true, "quiet": true, "dry-run": true,
	"prometheus": true, "prometheus-wait": true, "run-id": true,
}

// sides returns the scenarios to run: the settings themselves or, with --interleave, those of each
// file combined with the common flags.
func (s *settings) sides(f *pflag.FlagSet) ([]*side, error) {
	if len(s.interleave) == 0 {
		notes, err := s.Complete(f)
		return []*side{{Load: s.Load, notes: notes}}, err
	}
	var all []*side
	for i, name := range sideNames(s.interleave) {
		one, err := s.side(f, s.interleave[i])
		if err != nil {
			return nil, err
		}
		one.name = name
		all = append(all, one)
	}
	return all, nil
}

// side returns the scenario of a file on top of the common flags.
func (s *settings) side(common *pflag.FlagSet, path string) (*side, error) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	own := &settings{}
	own.addFlags(flags.New(f))
	own.Plan.Seed = s.Plan.Seed // the same messages for all
	if err := flags.Replay(f, common); err != nil {
		return nil, err
	}
	file := flags.Scenario{Flag: "interleave", Path: path, Refuse: func(flag *pflag.Flag) error {
		switch {
		case forAll[flag.Name]:
			return fmt.Errorf("%s is for all runs together: give it beside --interleave", flag.Name)
		case flag.Changed:
			return fmt.Errorf("%s is set for all runs already, by the command line, the environment or --scenario: leave it out there or here", flag.Name)
		}
		return nil
	}}
	if err := file.Apply(f); err != nil {
		return nil, err
	}
	notes, err := own.Complete(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &side{Load: own.Load, file: path, notes: notes}, nil
}

// sideNames names scenarios by their files, without the prefix and suffix that all file names
// share. The names become folders next to the summary.
func sideNames(files []string) []string {
	taken := map[string]bool{verb.PageName: true, summaryName: true, results.Name: true}
	names := make([]string, len(files))
	for i, path := range files {
		base := filepath.Base(path)
		base = strings.TrimSuffix(base, filepath.Ext(base))
		if base == "" {
			base = "scenario"
		}
		name := base
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = base + "-" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		names[i] = name
	}
	return names
}

// turn is one run of several.
type turn struct {
	number int // from 1, in the order in which they are made
	round  int // from 1, how many times its side has had its turn by then
	*side
	outcome
}

// turnsOf returns the order of runs. Every other round goes backwards. So a steady drift, such as
// the heat of a processor or the length of a broker's log, adds up to the same for all sides.
func turnsOf(sides []*side, rounds int) (turns []*turn) {
	for round := 1; round <= rounds; round++ {
		order := slices.Clone(sides)
		if round%2 == 0 {
			slices.Reverse(order)
		}
		for _, s := range order {
			turns = append(turns, &turn{number: len(turns) + 1, round: round, side: s})
		}
	}
	return turns
}

// planned returns how long a run sends. known is false if the plan does not determine it. With a
// rate and a count it follows from both.
func planned(p *workload.Plan) (d time.Duration, known bool) {
	if p.Duration > 0 {
		d, known = p.Warmup+p.Duration, true
	}
	if p.Count > 0 && p.Rate > 0 && p.Producers > 0 {
		if byCount := time.Duration(float64(p.Count) / p.Rate * float64(time.Second)); !known || byCount < d {
			d, known = byCount, true
		}
	}
	return d, known
}
