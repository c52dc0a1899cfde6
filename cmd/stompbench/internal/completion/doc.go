// Package completion writes what shells need to complete a command line with verbs
// and flags, and a manual page, from a description of them.
//
// Imports: the standard library only.
package completion
