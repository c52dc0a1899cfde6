// Package compare tells two sides of results apart from their noise: for each
// metric the difference, and an interval that the difference lies in with a
// confidence of 95 %.
//
// # How the interval is computed
//
// By a bootstrap. Each run is cut into at most 60 blocks of neighbouring
// intervals, which keeps what belongs together: a pause of the broker is in one
// block. Then, 1000 times for each side, runs are drawn with replacement from its
// runs, and from each as many blocks as it has from its blocks; their counts and
// their histograms are added up, and the metric computed as if that had been the
// run. The interval holds the middle 95 % of the differences between the sides.
//
// What changes from one run to the next and not within one can only be seen in
// several runs: with one run a side, the interval is too short by that. Draws
// come from a fixed seed, so the same files give the same answer.
//
// # Several runs of one side
//
// [Summarize] tells how far runs of the same lie apart. Its interval of the median
// takes each run for one sample and assumes no distribution.
//
// Imports: the results, report, series and histo packages of stompbench.
package compare
