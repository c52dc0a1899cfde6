// Package workload defines the plan of a run: who sends what, how fast and where, who receives it,
// and when it ends. A [Plan] is made from flags, checked as a whole, and then read-only.
//
// Imports: conn/dialect and frame of stompwire, and the pacer, stamp and uri packages of
// stompbench.
package workload
