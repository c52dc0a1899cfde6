package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// mayDiffer are settings that do not affect what is measured.
var mayDiffer = []string{"seed", "publish_to", "consume_from"}

// Differences returns the names of the settings in which the plans of the runs differ: such runs
// measure different things.
func Differences(all ...*results.Result) (names []string) {
	if len(all) == 0 {
		return nil
	}
	first := settings(&all[0].Plan)
	seen := map[string]bool{}
	for _, r := range all[1:] {
		for name, value := range settings(&r.Plan) {
			if string(value) != string(first[name]) && !slices.Contains(mayDiffer, name) && !seen[name] {
				seen[name] = true
				names = append(names, fmt.Sprintf("%s is %s and %s", name, first[name], value))
			}
		}
	}
	slices.Sort(names)
	return names
}

// settings are the fields of a part of a result by their names in JSON.
func settings(part any) map[string]json.RawMessage {
	text, _ := json.Marshal(part)
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(text, &fields)
	return fields
}

// remarks are sentences, without repetitions.
type remarks []string

func (all *remarks) add(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(*all, text) {
		*all = append(*all, text)
	}
}

// warnings returns reasons why the sides may not be comparable, the gravest first.
func warnings(left, right *side) []string {
	out := remarks{}
	sides := []*side{left, right}
	for _, s := range sides {
		for _, r := range s.results {
			if r.Verdict != nil && r.Verdict.Invalid {
				out.add("%s has an invalid run: the generator was the limit, so the numbers are its own and not the broker's", s.name)
			}
		}
	}
	for _, d := range Differences(slices.Concat(left.results, right.results)...) {
		out.add("the plans differ: %s", d)
	}
	for _, s := range sides {
		if s.unsent() > 0 {
			out.add("%s left %.2g %% of its messages unsent: except for from_due, its latencies hold only for those that it sent", s.name, 100*s.unsent())
		}
		for _, r := range s.results {
			if text, mood := r.Balance(); mood == report.Bad {
				out.add("%s has a run of which %s", s.name, text)
			}
			if r.Partial {
				out.add("%s has a run that ended before its time", s.name)
			}
		}
	}
	return out
}

// notes returns remarks for the readers of the table.
func notes(left, right *side, rows []Row) []string {
	out := remarks{}
	differ := func(what string, of func(*results.Result) string) {
		seen := map[string]bool{}
		for _, r := range slices.Concat(left.results, right.results) {
			seen[of(r)] = true
		}
		if len(seen) > 1 {
			out.add("%s differs: %s", what, slices.Sorted(maps.Keys(seen)))
		}
	}
	differ("the broker", func(r *results.Result) string { return r.Broker.Server })
	differ("the machine", func(r *results.Result) string {
		return fmt.Sprintf("%d × %s", r.Machines[0].CPUs, r.Machines[0].CPU)
	})
	differ("the version of stompbench", func(r *results.Result) string { return r.Version })
	if left.runs == 1 && right.runs == 1 {
		out.add("one run a side: what changes from run to run is not in the intervals; give several results a side")
	} else if min(left.runs, right.runs) < enoughRuns {
		out.add("runs differ, and few of them do not tell by how much: with %d or more a side, intervals are shorter", enoughRuns)
	}
	has := func(all ...Verdict) bool {
		return slices.ContainsFunc(rows, func(r Row) bool { return slices.Contains(all, r.verdict) })
	}
	if has(TooLittle) {
		out.add("an interval needs %d intervals of measurement a side, and more if neighbours are alike or a percentile depends on a few of them: give longer runs, or several a side", least)
	}
	if has(MaybeBetter, MaybeWorse, MaybeDifferent) {
		out.add("maybe: the interval of this metric alone excludes 0, which one in twenty does by chance; it is not certain for all metrics together")
	}
	return out
}

// enoughRuns is how many runs a side should have.
const enoughRuns = 3
