package compare

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// mayDiffer are settings that do not affect what is measured.
var mayDiffer = []string{"seed", "publish_to", "consume_from", "rate_tolerance"}

// Differences returns the settings in which plans differ: such runs measure different things.
func Differences(all ...*results.Result) []string {
	found := remarks{}
	for _, r := range all {
		first := reflect.ValueOf(all[0].Plan)
		for field, value := range reflect.ValueOf(r.Plan).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			a, _ := json.Marshal(first.FieldByIndex(field.Index).Interface())
			b, _ := json.Marshal(value.Interface())
			if string(a) != string(b) && !slices.Contains(mayDiffer, name) {
				found.add("%s is %s and %s", name, a, b)
			}
		}
	}
	return found
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
	out, sides := remarks{}, []*side{left, right}
	each := func(run string, of func(*results.Result) bool) {
		for _, s := range sides {
			if slices.ContainsFunc(s.results, of) {
				out.add("%s has %s", s.name, run)
			}
		}
	}
	each("an invalid run: the generator was the limit, so the numbers are its own and not the broker's", func(r *results.Result) bool { return r.Verdict != nil && r.Verdict.Invalid })
	for _, d := range Differences(slices.Concat(left.results, right.results)...) {
		out.add("the plans differ: %s", d)
	}
	for _, s := range sides {
		if s.unsent() > 0 {
			out.add("%s left %.2g %% of its messages unsent: except for from_due, its latencies hold only for those that it sent", s.name, 100*s.unsent())
		}
	}
	each("a run of which the books do not balance", (*results.Result).Broken)
	each("a run that ended before its time", func(r *results.Result) bool { return r.Partial })
	return out
}

// notes returns remarks for the readers of the table.
func notes(left, right *side, rows []Row) []string {
	out := remarks{}
	differ := func(what string, of func(*results.Result) string) {
		var seen remarks
		for _, r := range slices.Concat(left.results, right.results) {
			seen.add("%s", of(r))
		}
		if slices.Sort(seen); len(seen) > 1 {
			out.add("%s differs: %s", what, seen)
		}
	}
	differ("the broker", func(r *results.Result) string { return r.Broker.Server })
	differ("the machine", func(r *results.Result) string { return fmt.Sprintf("%d × %s", r.Machines[0].CPUs, r.Machines[0].CPU) })
	differ("the version of stompbench", func(r *results.Result) string { return r.Version })
	if len(left.runs) == 1 && len(right.runs) == 1 {
		out.add("one run a side: what changes from run to run is not in the intervals; give several results a side")
	} else if min(len(left.runs), len(right.runs)) < 3 {
		out.add("runs differ, and few of them do not tell by how much: with 3 or more a side, intervals are shorter")
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict == TooLittle }) {
		out.add("an interval needs %d intervals of measurement a side, and more if neighbours are alike or a percentile depends on a few of them: give longer runs, or several a side", least)
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return strings.HasPrefix(string(r.Verdict), string(maybe)) }) {
		out.add("maybe: the interval of this metric alone excludes 0, which one in twenty does by chance; it is not certain for all metrics together")
	}
	return out
}
