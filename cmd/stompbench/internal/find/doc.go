// Package find searches for the highest rate that passes a test, and computes how certain the
// result is.
//
// # The search
//
// The search doubles the rate until a rate fails. Then it halves the gap (as a ratio, not as a
// difference) between the highest rate that passed and the lowest that failed. When the gap is
// small enough it tries both again, in turn, so that drift affects both. A rate that has both
// passed and failed is undecided: it lies between the bounds and is not a bound. The next rate that
// has only passed, or only failed, is then tried again in its place. So a single pass or failure by
// chance does not misdirect the search: the bounds lie around the cut that contradicts the fewest
// steps. A step that failed because of the generator says nothing about the broker, and is repeated
// at once. The search ends when both bounds have kept their verdict, or when its time is up.
//
// The caller defines the test. The only assumption is that lower rates are more likely to pass than
// higher ones.
//
// # The knee
//
// The knee is the rate at which half of the steps would fail. [Knee] is the interval that contains
// it with a probability of nine tenths, by Bayes' rule from all steps. The model: the probability
// to fail rises with the logarithm of the rate as a logistic distribution does. Its place and width
// are unknown; before the first step every place and every width (from a tenth of the gap to stop
// at, to a third of the rate) is equally likely. One step in twenty has the opposite result,
// whatever the rate. Unlike a count of passes, this does not depend on which rates a search tried,
// and why. Steps that failed because of the generator are left out.
//
// Imports: the standard library only.
package find
