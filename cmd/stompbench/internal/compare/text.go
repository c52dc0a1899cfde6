package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

// remarks are sentences, without repetitions.
type remarks []string

func (all *remarks) add(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(*all, text) {
		*all = append(*all, text)
	}
}

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
	each("an invalid run: the generator was the limit, so the numbers are its own and not the broker's",
		func(r *results.Result) bool { return r.Verdict != nil && r.Verdict.Invalid })
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
	for i, what := range []string{"the broker", "the machine", "the version of stompbench"} {
		var seen remarks
		for _, r := range slices.Concat(left.results, right.results) {
			m := &r.Machines[0]
			seen.add("%s", []string{r.Broker.Server, fmt.Sprintf("%d × %s", m.CPUs, m.CPU), r.Version}[i])
		}
		if slices.Sort(seen); len(seen) > 1 {
			out.add("%s differs: %s", what, seen)
		}
	}
	if len(left.runs) == 1 && len(right.runs) == 1 {
		out.add("one run a side: what changes from run to run is not in the intervals; give several results a side")
	} else if min(len(left.runs), len(right.runs)) < 3 {
		out.add("runs differ, and few of them do not tell by how much: with 3 or more a side, intervals are shorter")
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict == TooLittle }) {
		out.add("an interval needs %d intervals of measurement a side, and more if neighbours are alike or a percentile depends on a few of them: "+
			"give longer runs, or several a side", least)
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict.is(maybe) }) {
		out.add("maybe: the interval of this metric alone excludes 0, which one in twenty does by chance; it is not certain for all metrics together")
	}
	return out
}

// difference returns how much B is above A, in percent if that is meaningful.
func (r *Row) difference() string {
	switch d := r.Difference; {
	case r.A != 0 && !r.counted() || d == 0:
		return change(r.Share)
	case d < 0:
		return "−" + r.write(-d)
	default:
		return "+" + r.write(d)
	}
}

// change writes a share with its sign: as a multiple from a factor of three on, and as a question mark
// if it is the unknown end of an interval.
func change(share Number) string {
	x, digits := float64(share), 1
	switch {
	case math.IsNaN(x):
		return "–"
	case x == 0:
		return "0"
	case x == -1 || math.IsInf(x, 1):
		return "?"
	case x >= 2:
		return "× " + report.PerSecond(math.Round((x+1)*10)/10)
	case math.Abs(x) < 0.01:
		digits = 2
	}
	return strings.Replace(fmt.Sprintf("%+.*f %%", digits, 100*x), "-", "−", 1)
}

// WriteMarkdown writes a Markdown table whose columns are also aligned as plain text.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	for _, warning := range c.Warnings {
		fmt.Fprintf(w, "**Warning**: %s.\n", warning)
	}
	fmt.Fprintf(w, "**%s**\n\n", c.Conclusion) // writeTable returns the error
	table := [][]string{{"", "A", "B", "difference", "95 % interval", ""}}
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.counted() && r.A == 0 && r.B == 0 {
			continue
		}
		table = append(table, []string{r.Name, r.side(r.AtLeastA, r.A), r.side(r.AtLeastB, r.B),
			r.difference(), interval(r.Low, r.High, change), string(r.Verdict)})
	}
	return writeTable(w, table, c.Notes)
}

// side writes the value of a side, which may be a lower bound.
func (r *Row) side(atLeast bool, x Number) string { return report.AtLeast(atLeast, r.write(x)) }

// interval writes an interval, which may be unknown.
func interval(low, high Number, write func(Number) string) string {
	if !low.known() {
		return "–"
	}
	return write(low) + " … " + write(high)
}

// writeTable writes a table and notes under it. The outer columns are text, the others numbers.
func writeTable(w io.Writer, table [][]string, notes []string) error {
	width, rule := make([]int, len(table[0])), make([]string, len(table[0]))
	for i := range width {
		for _, line := range table {
			width[i] = max(width[i], utf8.RuneCountInString(line[i]), 3)
		}
		if rule[i] = strings.Repeat("-", width[i]-1) + ":"; i == 0 || i == len(width)-1 {
			rule[i] = strings.Repeat("-", width[i])
			width[i] *= -1 // to the left
		}
	}
	var b strings.Builder
	for _, line := range slices.Insert(table, 1, rule) {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	if len(notes) > 0 {
		b.WriteString("\n- " + strings.Join(notes, "\n- ") + "\n")
	}
	_, err := io.WriteString(w, report.Printable(b.String()))
	return err
}
