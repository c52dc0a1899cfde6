// Package find searches for the highest rate that passes a test, and says how sure it
// is of what it found.
//
// # The search
//
// It climbs by doubling until a rate fails, then halves the gap (in ratio, not in
// difference) between the highest that passed and the lowest that failed. When the gap
// is small enough it tries both of them again, in turn, so that what drifts meets both.
// A rate that both passed and failed is undecided: it lies between the bounds and is
// none, and the next one that has only passed, or only failed, is tried again in its
// place. So what happened once, a pass or a failure by chance, does not decide where
// the search goes: the bounds lie around the cut that contradicts the fewest steps.
// What failed because of the generator says nothing of who is tested, and is tried
// again at once. The search ends when both bounds have kept their verdict, or when its
// time is up.
//
// What a test is, the caller says. Nothing is assumed of it but that lower rates pass
// rather than higher ones, and that chance may have a hand in it.
//
// # The knee
//
// The knee is the rate at which half of the steps would fail. [Knee] is the interval in
// which it lies with a probability of nine tenths, by Bayes' rule from all steps: the
// chance to fail rises with the logarithm of the rate as a logistic distribution does,
// of unknown place and width, every place and every width (from a tenth of the gap to
// stop at, to a third of the rate) is as likely as another before the first step, and
// one step in twenty goes the other way whatever the rate. What a search tried, and
// why, makes no difference to that rule, which a count of passes could not say. Steps
// that the generator failed are left out.
//
// Imports: the standard library only.
package find
