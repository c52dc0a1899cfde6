// Package calibrate finds out what the generator itself can do on a machine: its
// rate against a sink that throws everything away, in several settings, and how
// exactly it can keep to a schedule. A run can then be told how near it came to
// that.
//
// Imports: the pacer, histo and stamp packages of stompbench.
package calibrate
