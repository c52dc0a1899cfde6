// Package compare separates the difference of two sides of results from noise: for each metric it
// computes the difference and its 95 % confidence interval.
//
// Every metric is a ratio of two sums: a percentile is a value that a share of the samples does not
// exceed. Each part of a side, a run or an interval of its only run, adds a deviation to the first sum.
// The spread of the deviations gives the standard error. If a side has several runs, they are its
// parts, because the intervals of one run do not tell how much runs differ. If it has one, neighbouring
// intervals are not independent: see overTime. Student's t makes the interval wide if parts are few.
//
// Imports: the results, report, metric, series and histo packages of stompbench, and gonum.
package compare
