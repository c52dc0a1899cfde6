// Package live displays a running run: a table with a line per second, and on a terminal a progress
// bar under it.
//
// Imports: the load, workload, histo and report packages of stompbench.
package live
