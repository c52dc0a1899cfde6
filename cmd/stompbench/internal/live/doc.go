// Package live shows a run while it goes on: a table with a line a second, and on
// a terminal a progress bar under it.
//
// Imports: the load, workload, histo and report packages of stompbench.
package live
