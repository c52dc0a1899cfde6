// Package compare separates the difference of two sides of results from noise: for each metric it
// computes the difference and its 95 % confidence interval.
//
// # How the interval is computed
//
// By a bootstrap. Each run is cut into at most 60 blocks of neighbouring intervals, which keeps
// related samples together: a pause of the broker is in one block. Then, 1000 times for each side,
// runs are drawn with replacement from its runs, and from each as many blocks as it has from its
// blocks. Their counts and histograms are added up, and the metric is computed as if that had been
// the run. The interval holds the middle 95 % of the differences between the sides.
//
// Variation from run to run can only be seen with several runs: with one run per side, the interval
// is too short by that. Draws come from a fixed seed, so the same files give the same answer.
//
// # Several runs of one side
//
// [Summarize] computes the spread of runs of the same scenario. Its interval of the median takes
// each run for one sample and assumes no distribution.
//
// Imports: the results, report, series and histo packages of stompbench.
package compare
