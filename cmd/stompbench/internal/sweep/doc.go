// Package sweep parses the values of a sweep and formats its table: one row for each value of a
// flag.
//
// Imports: the report, verdict and workload packages of stompbench.
package sweep
