// Package histo records latencies: exactly enough (three significant digits), in
// fixed memory, and without the recording side ever waiting for the reporting
// side to add things up.
//
// Imports: HdrHistogram, the reference implementation of what the name says.
package histo
