// Package workload says what a run is to do: who sends what, how fast, to where,
// who receives it, and when it ends. A [Plan] is made from flags, checked as a
// whole, and then only read.
//
// Imports: conn/dialect and frame of stompwire, and the pacer, stamp and uri packages of
// stompbench.
package workload
