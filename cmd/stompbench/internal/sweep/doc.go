// Package sweep reads what a sweep goes over, and draws up its table: one row for
// each value of a flag.
//
// Imports: the report, verdict and workload packages of stompbench.
package sweep
