// Package compare is the verb compare: it separates the difference of two sides of results from noise.
package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/exit"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// settings are the values of the flags of compare.
type settings struct {
	failIf       []compare.Condition
	json, anyway bool
	out          string
	skip         time.Duration
}

// sides says what an argument is.
const sides = "a folder that --out wrote, one that holds several of them, or several with commas between"

// Command makes the verb compare.
func Command(env *verb.Env) *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use: "compare A B", Short: "tell the difference between two sides of results from noise", ValidArgsFunction: verb.Directories,
		Long: "Each side is " + sides + ".", RunE: func(_ *cobra.Command, args []string) error { return s.run(env, args) },
	}
	f := flags.New(cmd.Flags())
	f.Add("fail-if", "", "such as 'from_due.p99>+10%': makes the exit code 99 if it comes true; may be repeated", flags.Repeated(&s.failIf, "CONDITION", compare.ParseCondition))
	f.Add("skip", "0", "leave out the beginning of each run", flags.Time(&s.skip, 0, flags.MaxTime))
	f.Add("anyway", "false", "compare runs whose plans differ", flags.Switch(&s.anyway))
	f.Add("out,o", "-", "write the comparison to a file; - is standard output", flags.Text(&s.out, "FILE"))
	f.Add("json", "false", "write one JSON object", flags.Switch(&s.json))
	return cmd
}

func (s *settings) run(env *verb.Env, args []string) error {
	if len(args) != 2 {
		return flags.Usage("compare takes two sides, and there are %d: each is "+sides, len(args))
	}
	var side [2][]*results.Result
	for i, arg := range args {
		var paths []string
		for path := range strings.SplitSeq(arg, ",") {
			paths = append(paths, verb.Below(path)...)
		}
		var err error
		if side[i], err = verb.ReadAll(paths); err != nil {
			return err
		}
	}
	if differences := compare.Differences(slices.Concat(side[0], side[1])...); len(differences) > 0 && !s.anyway {
		return flags.Usage("the runs measured different things: %s: give --anyway to compare them all the same", strings.Join(differences, ", "))
	}
	all, err := compare.Compare(side[0], side[1], s.skip.Seconds())
	if err != nil {
		return err
	}
	failed := []string{}
	for i := range s.failIf {
		if holds, why := s.failIf[i].Holds(all); holds {
			failed = append(failed, why)
		}
	}
	if err := env.WriteTo(s.out, func(w io.Writer) error {
		if !s.json {
			return all.WriteMarkdown(w)
		}
		return report.WriteObject(w, struct {
			*compare.Comparison
			Failed []string `json:"failed"`
		}{all, failed})
	}); err != nil || len(failed) == 0 {
		return err
	}
	for _, why := range failed {
		fmt.Fprintln(env.Stderr, "stompbench: failed:", why)
	}
	return verb.Code(exit.SLO)
}
