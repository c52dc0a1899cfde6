// Package compare separates the difference of two sides of results from noise: for each metric it
// computes the difference and its 95 % confidence interval.
//
// # How the interval is computed
//
// Each part of a side, a run or an interval of its only run, adds to the deviation of a metric. The
// spread of these sums gives the standard error. If a side has several runs, they are its parts,
// because the intervals of a run say nothing of how much runs differ. If it has one, neighbouring
// intervals are not taken for independent: see overTime. Student's distribution, with the degrees of
// freedom of Welch and Satterthwaite, widens the interval for few parts.
//
// Of forty metrics, two differ by chance "with a confidence of 95 %". So a verdict is certain, and
// in the conclusion, only if it holds for all main metrics together: see conclude.
//
// # Several runs of one side
//
// [Summarize] computes the spread of runs of the same scenario. Its interval of the median takes
// each run for one sample and assumes no distribution.
//
// Imports: the results, report, metric, series and histo packages of stompbench, and gonum for
// Student's distribution.
package compare
