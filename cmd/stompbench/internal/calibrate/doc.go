// Package calibrate measures the limits of the generator on a machine: its rate against a sink that
// discards everything, in several settings, and how precisely it keeps a schedule. The report of a
// run then says how close the run came to that rate.
//
// Imports: the pacer, histo and stamp packages of stompbench.
package calibrate
