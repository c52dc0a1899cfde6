// Package histo records latencies with three significant digits, in fixed memory. The recording
// side never waits for the reporting side to add them up.
//
// Imports: HdrHistogram, the reference implementation.
package histo
