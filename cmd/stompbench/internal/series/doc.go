// Package series records the counts of each second of a run, and latencies with all their samples,
// so that any part of it, or several runs, can be added up exactly.
//
// Imports: the load, metric and histo packages of stompbench.
package series
