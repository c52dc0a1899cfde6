// Package report writes the result of a run: as one JSON object for programs, and as text for
// people. Both are made from the same [Report].
//
// Imports: the load, workload, histo, slo and verdict packages of stompbench, and frame.
package report
