package compare

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/series"
)

// alpha is the probability of calling equals different.
const alpha = 0.05

// conclude sets the verdicts and the conclusion. In a table of forty metrics, two intervals of 95 %
// exclude 0 by chance. So a difference is certain only if it is among all main metrics together, or
// among all others (Holm's method), with a probability of error of 5 % for each of these groups.
// The conclusion is about the main metrics.
func (c *Comparison) conclude(left, right *side) {
	main := c.mainNames()
	groups := map[bool][]*Row{}
	for i := range c.Rows {
		r := &c.Rows[i]
		r.main, r.verdict = slices.Contains(main, r.Name), r.alone(left, right)
		if !math.IsNaN(r.Chance) {
			groups[r.main] = append(groups[r.main], r)
		}
	}
	holm(groups[true])
	holm(groups[false])
	c.Conclusion = c.sentence()
}

// holm turns a verdict of maybe into a certain one, for as many of the rows as their number allows.
func holm(rows []*Row) {
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Chance, b.Chance) })
	for i, r := range rows {
		if r.Chance > alpha/float64(len(rows)-i) {
			return
		}
		r.verdict = Verdict(strings.TrimPrefix(string(r.verdict), "maybe "))
	}
}

// mainNames returns the names of the main metrics: the rates, what a message costs, and the median
// and p99 of the latency that includes most of a message's way.
func (c *Comparison) mainNames() []string {
	names := []string{"sent_per_s", "received_per_s", "cpu_per_message"}
	for _, kind := range series.Kinds() {
		p50 := string(kind) + ".p50"
		if kind != series.SendDelay && slices.ContainsFunc(c.Rows, func(r Row) bool { return r.Name == p50 }) {
			return append(names, p50, string(kind)+".p99")
		}
	}
	return names
}

// alone returns the verdict of the row if it were the only one.
func (r *Row) alone(left, right *side) Verdict {
	d := r.B - r.A
	switch {
	case math.IsNaN(d):
		return Unknown
	case r.unfair(left, right):
		return Incomparable
	case r.counted && d > 0:
		return More
	case r.counted && d < 0:
		return Fewer
	case r.happened() && !r.counted:
		return Unknown
	case !r.happened() && math.IsNaN(r.Low):
		return TooLittle
	case d == 0, r.noise():
		return Same
	case r.def.Better == 0:
		return MaybeDifferent
	case d > 0 == (r.def.Better > 0):
		return MaybeBetter
	}
	return MaybeWorse
}

// tolerated is the share of unsent messages that makes no difference.
const tolerated = 0.01

// unfair reports whether the row compares the latencies of a side with those of one that sent more,
// without including the messages that it did not send.
func (r *Row) unfair(left, right *side) bool {
	less, atLeast, worse := left, r.AtLeastA, r.High < 0
	if left.unsent() < right.unsent() {
		less, atLeast, worse = right, r.AtLeastB, r.Low > 0
	}
	return r.kind != "" && !worse && math.Abs(left.unsent()-right.unsent()) > tolerated && (atLeast || less.latency[r.kind].censored == 0)
}

// sentence says what the main metrics say.
func (c *Comparison) sentence() string {
	found := map[Verdict][]string{}
	for i := range c.Rows {
		if r := &c.Rows[i]; r.main {
			text := r.Name
			if r.verdict != Same && r.verdict != TooLittle {
				text += " " + r.difference()
			}
			found[r.verdict] = append(found[r.verdict], text)
		}
	}
	var parts []string
	say := func(what string, verdicts ...Verdict) {
		var names []string
		for _, v := range verdicts {
			names = append(names, found[v]...)
		}
		if len(names) > 0 {
			parts = append(parts, what+": "+strings.Join(names, ", "))
		}
	}
	say("B is better", Better)
	say("B is worse", Worse)
	say("B is different", Different)
	say("maybe, but not certain", MaybeBetter, MaybeWorse, MaybeDifferent)
	say("not comparable, because of unsent messages", Incomparable)
	if len(parts) == 0 {
		say(string(Same), Same)
	}
	say(string(TooLittle), TooLittle)
	return strings.Join(parts, "; ")
}
