// Package report tells what came out of a run: as one JSON object for machines,
// and as a page of text for people. Both are made from the same [Report].
//
// Imports: the load, workload, histo, slo and verdict packages of stompbench, and frame.
package report
