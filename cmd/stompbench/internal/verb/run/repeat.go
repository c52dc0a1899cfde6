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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
)

// repeating is the values of the flags for several runs one after the other.
type repeating struct {
	repeat     int
	interleave []string // scenario files
	pause      time.Duration
}

func (r *repeating) addFlags(f *flags.Set) {
	r.pause = time.Second
	f.Add("repeat", "", "run this often, and report how far the runs lie apart; with --interleave, each scenario, and 2 if not given", flags.Int(&r.repeat, 1, 1000))
	f.Add("interleave", "", "scenario files with commas between that take turns, A B B A ..., and are compared; other flags apply to all of them", flags.List(&r.interleave, "FILES", parseFile))
	f.Add("pause", "1s", "between one run and the next", flags.Time(&r.pause, 0, flags.MaxTime))
}

func parseFile(name string) (string, error) {
	if name == "" {
		return "", errors.New("a name is missing: write files with commas between")
	}
	return name, nil
}

// check finds contradictions and fills in defaults. several reports whether there is more than a
// plain run: --repeat 1 makes the same folders and the same summary as --repeat 10.
func (r *repeating) check(f *pflag.FlagSet) (several bool, err error) {
	several = f.Changed("repeat") || len(r.interleave) > 0
	switch n := len(r.interleave); {
	case n == 1:
		return false, flags.Usage("--interleave takes turns, and %s is alone: name another file with a comma between, or give it by --scenario with --repeat", r.interleave[0])
	case n > 26:
		return false, flags.Usage("--interleave has %d files: name up to 26", n)
	case several && f.Changed("run-id"):
		return false, flags.Usage("--run-id is the name of one run that several processes share: leave it out, or --repeat and --interleave")
	case !several && f.Changed("pause"):
		return false, flags.Usage("--pause is between runs, and there is one: give --repeat or --interleave too")
	case f.Changed("repeat"):
	case n > 1:
		r.repeat = 2 // so that a steady drift cancels out between scenarios that take turns
	default:
		r.repeat = 1
	}
	return several, nil
}

// forAll are the flags that apply to all runs together, so that a file of --interleave cannot set
// them.
var forAll = []string{"repeat", "interleave", "pause", "out", "json", "quiet", "dry-run", "prometheus", "prometheus-wait", "run-id"}

// sides returns the scenarios to run: the settings themselves or, with --interleave, those of each
// file on top of the common flags.
func (s *settings) sides(common *pflag.FlagSet) (all []*batch.Side, err error) {
	if len(s.interleave) == 0 {
		notes, err := s.Complete(common)
		return []*batch.Side{{Load: s.Load, Notes: notes}}, err
	}
	for i, name := range sideNames(s.interleave) {
		file := flags.Scenario{Flag: "interleave", Path: s.interleave[i], Refuse: refuse}
		one, err := batch.NewSide(file.Path, common, s.Plan.Seed, new(settings).addFlags, file.Apply)
		if err != nil {
			return nil, err
		}
		one.Name = name
		all = append(all, one)
	}
	return all, nil
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

// sideNames names scenarios by their files. The names become folders next to the summary.
func sideNames(files []string) (names []string) {
	taken := []string{verb.PageName, summaryName, results.Name}
	for _, path := range files {
		base := filepath.Base(path)
		if base = strings.TrimSuffix(base, filepath.Ext(base)); base == "" {
			base = "scenario"
		}
		name := base
		for n := 2; slices.Contains(taken, strings.ToLower(name)); n++ {
			name = base + "-" + strconv.Itoa(n)
		}
		taken = append(taken, strings.ToLower(name))
		names = append(names, name)
	}
	return names
}
