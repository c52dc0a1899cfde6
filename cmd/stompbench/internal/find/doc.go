// Package find searches for the highest rate that passes a test, which the caller defines, and computes
// how certain the result is; docs/stompbench-verbs.md describes both.
//
// The search doubles the rate until a rate fails, halves the gap (as a ratio) between the highest rate
// that passed and the lowest that failed, and tries both again, in turn, so that drift affects both.
// The bounds lie around the cut that contradicts the fewest steps, so that a single pass or failure by
// chance does not misdirect the search. The only assumption is that lower rates are more likely to pass.
//
// The knee is the rate at which half of the steps would fail. [Knee] is the interval that contains it
// with a probability of nine tenths, by Bayes' rule from all steps but those that the generator failed.
// The probability to fail rises with the logarithm of the rate as a logistic distribution does, whose
// place and width are unknown: before the first step every place and every width (from a tenth of the
// gap to stop at, to a third of the rate) is equally likely. One step in twenty has the opposite result,
// whatever the rate. Unlike a count of passes, this does not depend on which rates were tried, and why.
//
// Imports: the standard library only.
package find
