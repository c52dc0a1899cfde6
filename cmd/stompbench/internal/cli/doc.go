// Package cli is the command line of stompbench: verbs, flags, environment variables, output
// streams, and exit codes.
//
// Imports: pflag, for flags with a short and a long form; x/term, to detect a terminal and its
// width; go-yaml, to parse scenarios; conn, engine, broker and frame of stompwire; and the other
// packages of stompbench.
package cli
