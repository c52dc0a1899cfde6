// Package series keeps what happened in each second of a run, latencies with all
// their samples, so that any stretch of it, or several runs, can be added up
// exactly.
//
// Imports: the load and histo packages of stompbench.
package series
