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

// settings are the fields of a plan by their names in JSON.
func settings(p *report.Plan) map[string]json.RawMessage {
	text, _ := json.Marshal(p)
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(text, &fields)
	return fields
}

// notes returns remarks for the readers of the table.
func notes(a, b []*results.Result, left, right *side) []string {
	out := []string{}
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for name, runs := range map[string][]*results.Result{"A": a, "B": b} {
		for _, r := range runs {
			if r.Partial {
				say("%s has a run that ended before its time", name)
			}
			if text, mood := r.Balance(); mood == report.Bad {
				say("%s has a run of which %s", name, text)
			}
		}
	}
	both := slices.Concat(a, b)
	for _, d := range Differences(both...) {
		say("the plans differ: %s", d)
	}
	differ := func(what string, of func(*results.Result) string) {
		seen := map[string]bool{}
		for _, r := range both {
			seen[of(r)] = true
		}
		if len(seen) > 1 {
			say("%s differs: %s", what, slices.Sorted(maps.Keys(seen)))
		}
	}
	differ("the broker", func(r *results.Result) string { return r.Broker.Server })
	differ("the machine", func(r *results.Result) string {
		return fmt.Sprintf("%d × %s", r.Machines[0].CPUs, r.Machines[0].CPU)
	})
	differ("the version of stompbench", func(r *results.Result) string { return r.Version })
	if len(a) == 1 || len(b) == 1 {
		say("one run a side: what changes from run to run is not in the intervals; give several results a side")
	}
	if left.blocks() < least || right.blocks() < least {
		say("runs of less than %d intervals a side give no interval for the difference", least)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
