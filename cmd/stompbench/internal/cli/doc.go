// Package cli is the command line of stompbench: verbs, flags, environment, what
// goes to which stream, and exit codes.
//
// Imports: pflag, for options with a letter and a name; x/term, to know a
// terminal and its width; go-yaml, to read scenarios; conn, engine, broker and
// frame of stompwire; and the other packages of stompbench.
package cli
