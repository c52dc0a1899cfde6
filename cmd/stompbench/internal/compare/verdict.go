package compare

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
)

// Verdict is the conclusion of a row.
type Verdict string

// The verdicts.
const (
	Unknown Verdict = "" // not measured on both sides, or a maximum, which has no interval
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	maybe   Verdict = "maybe "             // before Better and Worse, if only the interval of this metric excludes 0
	Same    Verdict = "no difference seen" // which does not say that there is none
	// More and Fewer are of counts: what happened in these runs, and not what will in the next.
	More  Verdict = "more"
	Fewer Verdict = "fewer"
	// Incomparable: the side that looks better sent less, and its latencies are those of what it sent.
	Incomparable Verdict = "not comparable: unsent"
	TooLittle    Verdict = "too little data"
)

// is reports whether it begins like another: maybe is all that are not certain.
func (v Verdict) is(other Verdict) bool { return strings.HasPrefix(string(v), string(other)) }

// alone returns the verdict of the row if it were the only one.
func (r *Row) alone(left, right *side) Verdict {
	switch {
	case !r.Difference.known() || r.stat == metric.Max:
		return Unknown
	case r.unfair(left, right):
		return Incomparable
	case r.counted():
		return []Verdict{Fewer, Same, More}[1+cmp.Compare(r.Difference, 0)]
	case !r.Low.known():
		return TooLittle
	case !(r.Low > 0 || r.High < 0):
		return Same
	case r.Difference > 0 == (r.def.Better > 0):
		return maybe + Better
	}
	return maybe + Worse
}

// unfair reports whether the row compares the latencies of a side with those of one that sent more,
// without including the messages that it did not send. One in a hundred makes no difference.
func (r *Row) unfair(left, right *side) bool {
	less, atLeast, worse := left, r.AtLeastA, r.High < 0
	if left.unsent() < right.unsent() {
		less, atLeast, worse = right, r.AtLeastB, r.Low > 0
	}
	return r.kind != "" && !worse && math.Abs(left.unsent()-right.unsent()) > 0.01 && (atLeast || less.latency[r.kind].Censored == 0)
}

// conclude makes verdicts certain and returns the conclusion, which is about the main metrics: rates,
// CPU time, and p50 and p99 of the latency that includes most of a message's way. In a table of forty
// metrics, two intervals of 95 % exclude 0 by chance. So a difference is certain only if it is among
// all main metrics together, or among all others.
func conclude(rows []Row) string {
	var main, others []*Row
	first, rates := metric.SendDelay, []string{"sent_per_s", "received_per_s", "cpu_per_message"}
	for i := range rows {
		r := &rows[i]
		if first == metric.SendDelay && r.stat == 50 {
			first = r.kind
		}
		if slices.Contains(rates, r.Name) || r.kind == first && first != metric.SendDelay && (r.stat == 50 || r.stat == 99) {
			main = append(main, r)
		} else {
			others = append(others, r)
		}
	}
	holm(main)
	holm(others)
	var parts []string
	for _, s := range sayings {
		var about []string
		for _, r := range main {
			if r.Verdict.is(s.verdict) {
				text := r.Name
				if r.Verdict != Same && r.Verdict != TooLittle {
					text += " " + r.difference()
				}
				about = append(about, text)
			}
		}
		if len(about) > 0 && (s.verdict != Same || len(parts) == 0) {
			parts = append(parts, s.text+": "+strings.Join(about, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// sayings are how the conclusion introduces the metrics with each verdict, in its order.
var sayings = []struct {
	verdict Verdict
	text    string
}{
	{Better, "B is better"},
	{Worse, "B is worse"},
	{maybe, "maybe, but not certain"},
	{Incomparable, "not comparable, because of unsent messages"},
	{Same, string(Same)}, // only if there is nothing else
	{TooLittle, string(TooLittle)},
}

// holm makes as many verdicts certain as the number of rows allows, with a probability of 5 % that any
// of them is wrong (Holm's method).
func holm(rows []*Row) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r *Row) bool { return !r.Chance.known() })
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Chance, b.Chance) })
	for i, r := range rows {
		if r.Chance > 0.05/Number(len(rows)-i) {
			return
		}
		r.Verdict = Verdict(strings.TrimPrefix(string(r.Verdict), string(maybe)))
	}
}
