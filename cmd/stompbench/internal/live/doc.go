// Package live displays a running run: a table with a line a second, and on a terminal a status line
// under it that is overwritten.
//
// A terminal that is too narrow for the table loses whole columns, the least important first, and
// never digits. Its width may change during the run. Anything else than a terminal gets all columns.
//
// Imports: the load, workload, histo and report packages of stompbench.
package live
