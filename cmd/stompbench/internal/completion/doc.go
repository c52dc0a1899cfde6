// Package completion generates shell completions and a manual page from a description of verbs and
// flags.
//
// Imports: the standard library only.
package completion
