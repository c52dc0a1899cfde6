// Package cases is the table of frames that all benchmarks use, ours and those of
// our peers, so that each measures the same bytes.
//
// The wire bytes are made here by hand, with no codec of this module.
//
// Imports: frame, for commands and fields.
package cases
