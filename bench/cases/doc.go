// Package cases is the table of frames for all benchmarks, ours and those of other libraries, so
// that each measures the same bytes.
//
// The wire bytes are written by hand, with no codec of this module.
//
// Imports: frame, for commands and fields.
package cases
